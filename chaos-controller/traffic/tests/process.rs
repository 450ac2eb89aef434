//! The whole process `traffic` against a tiny controller and a tiny shop: it
//! joins, offers what it is told, hands over its log, and drains on SIGTERM.
//! One test only: the signal is for the whole test process.

#![allow(clippy::unwrap_used, reason = "a test")]

mod shop;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use process::Options;
use proto::control::control_server::{Control, ControlServer};
use proto::control::from_process::Body as Said;
use proto::control::to_process::Body as Told;
use proto::control::{
    Endpoints, FromProcess, Hello, Instance, JourneyRate, Load, LoadStatus, Outcome, RecordReceipt,
    RequestBatch, RequestRecord, ToProcess, Welcome,
};
use rustix::process::{Signal, getpid, kill_process};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status, Streaming};

use shop::Shop;

/// What the controller heard.
#[derive(Default)]
struct Heard {
    hello: Option<Hello>,
    tokens: BTreeSet<String>,
    statuses: Vec<LoadStatus>,
    records: Vec<RequestRecord>,
    /// Calls of RecordRequests to refuse, to see that their records come again.
    refuse: u32,
    refused: u32,
}

#[derive(Clone)]
struct Controller {
    heard: Arc<Mutex<Heard>>,
    orders: Arc<Vec<Told>>,
}

#[tonic::async_trait]
impl Control for Controller {
    type JoinStream = ReceiverStream<Result<ToProcess, Status>>;

    async fn join(
        &self,
        request: Request<Streaming<FromProcess>>,
    ) -> Result<Response<Self::JoinStream>, Status> {
        let mut said = request.into_inner();
        let (tx, rx) = mpsc::channel(8);
        for order in self.orders.iter().cloned() {
            tx.try_send(Ok(ToProcess { body: Some(order) })).unwrap();
        }
        let heard = Arc::clone(&self.heard);
        tokio::spawn(async move {
            while let Ok(Some(message)) = said.message().await {
                let mut heard = heard.lock().unwrap();
                match message.body {
                    Some(Said::Hello(hello)) => heard.hello = Some(hello),
                    Some(Said::Load(status)) => heard.statuses.push(status),
                    _ => {}
                }
            }
            drop(tx);
        });
        Ok(Response::new(ReceiverStream::new(rx)))
    }

    async fn record_requests(
        &self,
        request: Request<Streaming<RequestBatch>>,
    ) -> Result<Response<RecordReceipt>, Status> {
        let token = request.metadata().get("authorization").unwrap().to_str().unwrap().to_owned();
        let mut batches = request.into_inner();
        let mut records = Vec::new();
        while let Some(batch) = batches.message().await? {
            assert_eq!(batch.generation, 1);
            records.extend(batch.records);
        }
        let mut heard = self.heard.lock().unwrap();
        heard.tokens.insert(token);
        if heard.refused < heard.refuse {
            heard.refused += 1;
            return Err(Status::unavailable("not now"));
        }
        let taken = records.len() as u64;
        heard.records.extend(records);
        Ok(Response::new(RecordReceipt { records: taken }))
    }
}

impl Controller {
    async fn open(shop: &Shop) -> (Self, SocketAddr) {
        let rate = |journey: &str| JourneyRate { journey: journey.to_owned(), rate_per_second: 100.0 };
        let orders = vec![
            Told::Welcome(Welcome { seed: 7, ..Welcome::default() }),
            Told::Endpoints(Endpoints {
                target: "frontend".to_owned(),
                instances: vec![Instance { name: "frontend-0".to_owned(), address: shop.address() }],
            }),
            Told::Load(Load {
                generation: 1,
                seed: 7,
                journeys: vec![rate("home"), rate("checkout")],
                users: 100,
                patience_ms: 1_000,
                ..Load::default()
            }),
        ];
        let heard = Arc::new(Mutex::new(Heard { refuse: 2, ..Heard::default() }));
        let controller = Self { heard, orders: Arc::new(orders) };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tonic::transport::Server::builder()
            .add_service(ControlServer::new(controller.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(serving);
        (controller, address)
    }

    async fn eventually(&self, what: &str, condition: impl Fn(&Heard) -> bool) {
        let limit = Instant::now() + Duration::from_secs(10);
        while !condition(&self.heard.lock().unwrap()) {
            assert!(Instant::now() < limit, "never came true: {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn it_joins_offers_reports_every_request_and_drains_on_sigterm() {
    let shop = Shop::open().await;
    let (controller, address) = Controller::open(&shop).await;
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let running = tokio::spawn(traffic::run(Options {
        instance: None,
        listen: any,
        admin: any,
        controller: Some(format!("http://{address}")),
        token: "lab-token".to_owned(),
        operator_token: String::new(),
        policy: None,
        endpoints: None,
        data: ".".into(),
        log: "error".to_owned(),
    }));

    controller
        .eventually("records of 100 good requests arrived", |heard| {
            heard.records.iter().filter(|record| record.outcome() == Outcome::Ok).count() > 100
        })
        .await;
    controller.eventually("the standing of the load was told", |heard| !heard.statuses.is_empty()).await;
    {
        let heard = controller.heard.lock().unwrap();
        let hello = heard.hello.as_ref().unwrap();
        assert_eq!((hello.service.as_str(), hello.instance.as_str()), ("traffic", "traffic-0"));
        assert_eq!(hello.traffic_address, "", "it serves nobody");
        assert_eq!(heard.refused, 2);
        assert_eq!(heard.statuses[0].generation, 1);
        assert!(heard.statuses[0].offered > 100);
    }

    shop.stall();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let asked_to_stop = Instant::now();
    kill_process(getpid(), Signal::TERM).unwrap();
    running.await.unwrap().unwrap();
    assert!(asked_to_stop.elapsed() < Duration::from_secs(3));

    let heard = controller.heard.lock().unwrap();
    assert_eq!(heard.tokens, BTreeSet::from(["Bearer lab-token".to_owned()]));
    let left = heard.records.iter().filter(|record| record.outcome() == Outcome::GaveUp).count();
    assert!(left > 10, "those in flight at the end are recorded too, {left}");
    // Every arrival of both journeys is there, from the first on, once.
    for journey in [0, 4] {
        let mut own: Vec<u64> = heard
            .records
            .iter()
            .filter(|record| record.journey == journey)
            .map(|record| record.index)
            .collect();
        own.sort_unstable();
        assert!(own.iter().copied().eq(0..own.len() as u64), "journey {journey}: {own:?}");
    }
}
