//! Against a real peer on loopback: what is told of a request whose peer is not
//! there, breaks, leaves, or is left.

use std::net::SocketAddr;

use h2::server::{self, SendResponse};
use h2::{Reason, RecvStream};
use http::{HeaderMap, HeaderValue, Response};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::*;

type Peer = server::Connection<TcpStream, Bytes>;
type Asked = (Request<RecvStream>, SendResponse<Bytes>);

const IN_TIME: Duration = Duration::from_secs(5);

fn connections(address: SocketAddr) -> Connections {
    let instance = Instance { name: "peer-0".to_owned(), address: address.to_string() };
    let endpoints = Endpoints::from([("peer".to_owned(), vec![instance])]);
    Connections::follow("peer", watch::channel(Arc::new(endpoints)).1)
}

async fn listen() -> (TcpListener, Connections) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connections = connections(listener.local_addr().unwrap());
    (listener, connections)
}

async fn accept(listener: &TcpListener) -> Peer {
    server::handshake(listener.accept().await.unwrap().0).await.unwrap()
}

async fn asked(peer: &mut Peer) -> Asked {
    peer.accept().await.unwrap().unwrap()
}

async fn ask(connections: &Connections) -> Result<Answer, Lost> {
    let request = Request::post("http://shop/ask").body(()).unwrap();
    let peer = connections.in_turn().expect("there is one");
    tokio::time::timeout(IN_TIME, connections.send(&peer, request, Bytes::from_static(b"question")))
        .await
        .unwrap()
}

fn answer(respond: &mut SendResponse<Bytes>, body: &'static [u8]) {
    let mut stream = respond.send_response(Response::new(()), false).unwrap();
    stream.send_data(Bytes::from_static(body), true).unwrap();
}

/// Serves until the connection ends.
async fn drive(mut peer: Peer) {
    while let Some(Ok(_ignored)) = peer.accept().await {}
}

#[tokio::test]
async fn an_answer_is_read_to_its_end_with_its_trailers() {
    let (listener, connections) = listen().await;
    tokio::spawn(async move {
        let mut peer = accept(&listener).await;
        let (_question, mut respond) = asked(&mut peer).await;
        let mut stream = respond.send_response(Response::new(()), false).unwrap();
        for part in ["in ", "three ", "parts"] {
            stream.send_data(Bytes::from_static(part.as_bytes()), false).unwrap();
        }
        let trailers = HeaderMap::from_iter([(http::header::VIA, HeaderValue::from_static("test"))]);
        stream.send_trailers(trailers).unwrap();
        drive(peer).await;
    });
    let answer = ask(&connections).await.unwrap();
    assert_eq!(answer.body, "in three parts");
    assert_eq!(answer.trailers.unwrap()[http::header::VIA], "test");
}

#[tokio::test]
async fn a_request_to_nobody_was_never_sent() {
    let (listener, connections) = listen().await;
    drop(listener);
    assert_eq!(ask(&connections).await.err(), Some(Lost::Unreachable));
    let nobody = Connections::follow("stranger", watch::channel(Arc::default()).1);
    assert!(nobody.in_turn().is_none());
}

#[tokio::test]
async fn a_peer_that_dies_or_resets_may_have_done_it() {
    let (listener, connections) = listen().await;
    tokio::spawn(async move {
        let mut peer = accept(&listener).await;
        let (_question, mut respond) = asked(&mut peer).await;
        respond.send_reset(Reason::INTERNAL_ERROR);
        let _died_while_asked = asked(&mut peer).await;
        drop(peer);
        let mut successor = accept(&listener).await;
        let (_question, mut respond) = asked(&mut successor).await;
        answer(&mut respond, b"yes");
        drive(successor).await;
    });
    assert_eq!(ask(&connections).await.err(), Some(Lost::Broken), "the stream was reset");
    assert_eq!(ask(&connections).await.err(), Some(Lost::Broken), "the connection ended");
    assert_eq!(ask(&connections).await.unwrap().body, "yes", "the next one dials");
}

#[tokio::test]
async fn a_peer_that_drains_is_dialled_anew() {
    let (listener, connections) = listen().await;
    tokio::spawn(async move {
        let mut leaving = accept(&listener).await;
        let (_question, mut respond) = asked(&mut leaving).await;
        leaving.graceful_shutdown();
        answer(&mut respond, b"the last one");
        tokio::spawn(drive(leaving));
        let mut successor = accept(&listener).await;
        let (_question, mut respond) = asked(&mut successor).await;
        answer(&mut respond, b"the first one");
        drive(successor).await;
    });
    assert_eq!(ask(&connections).await.unwrap().body, "the last one");
    // Whoever finds out that it takes no more is told that nothing was sent.
    let next = match ask(&connections).await {
        Err(lost) => {
            assert_eq!(lost, Lost::Unreachable);
            ask(&connections).await
        }
        answered => answered,
    };
    assert_eq!(next.unwrap().body, "the first one");
}

#[tokio::test]
async fn a_caller_who_leaves_resets_the_stream() {
    let (listener, connections) = listen().await;
    let (was_asked, hears_asked) = oneshot::channel();
    let peer = tokio::spawn(async move {
        let mut peer = accept(&listener).await;
        let (_question, mut respond) = asked(&mut peer).await;
        was_asked.send(()).unwrap();
        tokio::spawn(drive(peer));
        std::future::poll_fn(|cx| respond.poll_reset(cx)).await.unwrap()
    });
    tokio::select! {
        _answer = ask(&connections) => panic!("nobody answers"),
        heard = hears_asked => heard.unwrap(),
    }
    let reason = tokio::time::timeout(IN_TIME, peer).await.unwrap().unwrap();
    assert_eq!(reason, Reason::CANCEL);
}

#[tokio::test]
async fn neither_answers_nor_what_was_left_of_them_use_up_the_room_for_others() {
    const PART: &[u8] = &[0; 512 * 1024];
    /// More than may be on its way at once: it comes only if what was read is given back.
    const LONG: &[u8] = &[0; 2 * STREAM_WINDOW as usize];
    const ASKED: usize = 2 * CONNECTION_WINDOW as usize / PART.len();
    /// A caller's patience; the part is there by then.
    const PATIENCE: Duration = Duration::from_millis(50);
    let (listener, connections) = listen().await;
    tokio::spawn(async move {
        let mut peer = accept(&listener).await;
        let mut endless = Vec::new();
        while endless.len() < ASKED {
            let (_question, mut respond) = asked(&mut peer).await;
            let mut stream = respond.send_response(Response::new(()), false).unwrap();
            stream.send_data(Bytes::from_static(PART), false).unwrap();
            endless.push(stream);
        }
        while let Some(Ok((_question, mut respond))) = peer.accept().await {
            answer(&mut respond, LONG);
        }
    });
    for _ in 0..ASKED {
        let answered = tokio::time::timeout(PATIENCE, ask(&connections)).await;
        assert!(answered.is_err(), "an answer without an end");
    }
    for _ in 0..ASKED {
        assert_eq!(ask(&connections).await.unwrap().body.len(), LONG.len());
    }
}
