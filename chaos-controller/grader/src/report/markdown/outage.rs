//! What broke, in which order, and how bad it became.

use std::fmt::{Result, Write as _};

use super::Report;
use super::text::cell;

pub(super) fn write(report: &Report<'_>, page: &mut String) -> Result {
    let card = report.card;
    writeln!(page, "## What broke, and when\n")?;
    if card.cascade.is_empty() {
        writeln!(page, "Nothing broke.\n")?;
    }
    for broken in &card.cascade {
        writeln!(page, "- **{:+.0} s** {}: {}", broken.seconds, broken.service, cell(&broken.symptom))?;
    }
    let measures = &card.measures;
    let pool = [measures.payment_workers_busy_max, measures.payment_queue_depth_max];
    if let [Some(busy), Some(queued)] = pool {
        write!(page, "\nAt its worst payment had {busy:.0} workers busy and {queued:.0} requests queued")?;
        match (measures.payment_throughput_rps, measures.payment_throughput_span) {
            (Some(rate), Some((from, to))) => {
                writeln!(page, "; it finished {rate:.1} charges a second ({from:+.0} s to {to:+.0} s).")?;
            }
            _ => writeln!(page, ".")?,
        }
    }
    writeln!(page)
}
