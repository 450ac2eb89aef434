//! Real time on purpose: what is claimed here is about the machine's clock. The
//! durations are small, and no claim has an upper bound that a busy machine
//! could break.

use super::*;

impl Timer {
    fn waiting(&self) -> usize {
        self.driver.shared.sleeps().waiting.len()
    }
}

#[tokio::test]
async fn a_sleep_is_never_early() {
    let timer = Timer::new().unwrap();
    for micros in [0, 1, 50, 300, 1_000, 2_500, 5_000] {
        let asked = Duration::from_micros(micros);
        for _ in 0..5 {
            let start = Instant::now();
            timer.sleep(asked).await;
            assert!(start.elapsed() >= asked, "{asked:?}");
        }
    }
}

#[tokio::test]
async fn sleeps_end_in_the_order_of_their_deadlines() {
    let timer = Timer::new().unwrap();
    let (tx, mut rx) = tokio::sync::mpsc::unbounded_channel();
    let start = Instant::now();
    for millis in [9, 3, 12, 6, 0] {
        let (timer, tx) = (timer.clone(), tx.clone());
        tokio::spawn(async move {
            timer.sleep_until(start + Duration::from_millis(millis)).await;
            assert!(start.elapsed() >= Duration::from_millis(millis));
            let _ = tx.send(millis);
        });
    }
    drop(tx);
    let mut ended = Vec::new();
    while let Some(millis) = rx.recv().await {
        ended.push(millis);
    }
    assert_eq!(ended, [0, 3, 6, 9, 12]);
}

#[tokio::test]
async fn a_dropped_sleep_leaves_nothing_behind() {
    let timer = Timer::new().unwrap();
    for _ in 0..100 {
        let long = timer.sleep(Duration::from_secs(3600));
        let short = timer.sleep(Duration::from_millis(1));
        tokio::select! {
            () = long => panic!("an hour has passed"),
            () = short => {}
        }
    }
    assert_eq!(timer.waiting(), 0);
}

#[tokio::test]
async fn the_alarm_moves_on_when_the_first_sleep_leaves() {
    let timer = Timer::new().unwrap();
    let start = Instant::now();
    let mut first = timer.sleep(Duration::from_millis(1));
    assert!(futures_util::poll!(&mut first).is_pending());
    let second = timer.sleep_until(start + Duration::from_millis(5));
    drop(first);
    second.await;
    assert!(start.elapsed() >= Duration::from_millis(5));
}

#[tokio::test]
async fn an_endless_sleep_is_no_overflow() {
    let timer = Timer::new().unwrap();
    let mut endless = timer.sleep(Duration::MAX);
    assert!(futures_util::poll!(&mut endless).is_pending());
    timer.sleep(Duration::from_millis(1)).await;
}

#[tokio::test]
async fn a_sleep_outlives_its_timer() {
    let sleep = Timer::new().unwrap().sleep(Duration::from_millis(2));
    sleep.await;
}

#[tokio::test]
async fn thousands_may_sleep_at_once() {
    let timer = Timer::new().unwrap();
    let start = Instant::now();
    let sleeps = (0..5_000u64).map(|i| {
        let timer = timer.clone();
        tokio::spawn(async move {
            let asked = Duration::from_micros(1_000 + i % 7_000);
            timer.sleep_until(start + asked).await;
            assert!(start.elapsed() >= asked);
        })
    });
    for sleep in sleeps.collect::<Vec<_>>() {
        sleep.await.unwrap();
    }
    assert_eq!(timer.waiting(), 0);
}

#[tokio::test]
async fn the_fallback_alarm_is_never_early_and_moves_forward() {
    let alarm = Arc::new(alarm::fallback::Alarm::new().unwrap());
    let start = Instant::now();
    alarm.set(start + Duration::from_secs(3600), start);
    let ringing = Arc::clone(&alarm);
    let rang = tokio::spawn(async move { ringing.rang().await });
    tokio::task::yield_now().await;
    alarm.set(start + Duration::from_millis(5), start);
    rang.await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(5));
}
