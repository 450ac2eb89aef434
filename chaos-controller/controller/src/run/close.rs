//! Closing a run, however it ended: faults off, load off, ledgers and logs in, the lab proven clean, everything sealed,
//! and then graded from the recording alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use evidence::kind::{self, phase};
use serde_json::json;

use crate::api::{Event, Role};
use crate::book::Book;
use crate::faults;
use crate::footprint;
use crate::grading;
use crate::lab::Lab;
use crate::ledgers;
use crate::seal;

use super::{Ended, Run, clean, instances, reconcile};

/// Exit code of a recording that cannot be read back.
const EXIT_BROKEN: i32 = 104;

/// Closes the run; its verdict is in its folder afterwards, and the lab has as many instances as were `found` before the
/// run. Who finds it free finds it as it was.
pub(crate) async fn close(
    lab: &Arc<Lab>,
    run: &Run,
    ended: Result<(), Ended>,
    found: &BTreeMap<String, u32>,
) {
    run.lock();
    match &ended {
        Ok(()) => {}
        Err(ended @ (Ended::Interrupted | Ended::ControllerKilled)) => {
            lab.observe(kind::ACTION, json!({"verb": "interrupt", "text": ended.to_string()}));
        }
        // Journaled when it happened.
        Err(Ended::Guardrail(_)) => {}
        Err(ended) => {
            lab.observe(kind::REFUSED, json!({"what": "going on", "why": ended.to_string()}));
        }
    }
    if ended.is_err() {
        lab.load.stop(&lab.directory);
        faults::clear_all(lab, "the run ended early", true).await;
    }
    gather(lab, run).await;
    clean::prove_clean(lab, run, ended.is_err()).await;
    footprint::weigh(lab, true).await;
    let ready_ms = lab.ready_ms.load(Ordering::Relaxed);
    lab.observe(kind::FOOTPRINT, lab.footprint.body(ready_ms));
    if let Err(error) = run.enter(lab, phase::DONE) {
        tracing::error!(%error, "the journal is not written");
    }
    // From here on nothing is noted in this run: its last line is the seal.
    lab.close_book();
    let exit = verdict(run).await;
    instances::put_back(lab, &run.plan.instances, found).await;
    lab.remember_run_dir(None);
    run.finish(exit);
    lab.tell(Event::Finished(run.status(Role::Operator)));
    lab.resume_own_load();
}

/// The books: what belongs to the run ends here.
async fn gather(lab: &Lab, run: &Run) {
    let book = &run.book;
    if let Err(error) = run.enter(lab, phase::RECONCILE) {
        tracing::error!(%error, "the journal is not written");
    }
    prove_samples(lab, book).await;
    book.stop_recording();
    let problems = ledgers::fetch(lab, book).await;
    reconcile::reconcile(lab, run).await;
    let lost = book.lost_records.load(Ordering::Relaxed);
    let dropped = book.dropped_spans.load(Ordering::Relaxed);
    let detail = format!("{lost} request records lost, {dropped} spans dropped");
    lab.observe(
        kind::PROOF,
        json!({"name": "generator", "ok": lost == 0, "detail": detail, "lost_records": lost}),
    );
    if !problems.is_empty() {
        lab.observe(kind::REFUSED, json!({"what": "ledgers", "why": problems.join("; ")}));
    }
}

/// The last samples are still on their way when a Prometheus scrapes. What it does not have makes the measuring side sick.
async fn prove_samples(lab: &Lab, book: &Book) {
    let Some(desk) = lab.prometheus.as_ref().filter(|_| book.recording()) else { return };
    let end_us = book.end_samples();
    if let Some(lacking) = desk.lacking(lab, end_us).await {
        let detail = format!("the samples are not whole: {lacking}");
        lab.observe(kind::PROOF, json!({"name": "generator", "ok": false, "detail": detail}));
    }
}

/// Seals and grades. Hashing a long recording takes its time, so a thread does it: the lab's heart must beat.
async fn verdict(run: &Run) -> i32 {
    let book = Arc::clone(&run.book);
    match tokio::task::spawn_blocking(move || seal::seal(&book)).await {
        Ok(Ok(head)) => tracing::info!(run = run.book.name, head, "run is sealed"),
        Ok(Err(error)) => tracing::error!(%error, "the run is not sealed"),
        Err(error) => tracing::error!(%error, "sealing broke off"),
    }
    grading::grade_apart(&run.book.dir).await.unwrap_or_else(|error| {
        tracing::error!(%error, "the run is not graded");
        EXIT_BROKEN
    })
}
