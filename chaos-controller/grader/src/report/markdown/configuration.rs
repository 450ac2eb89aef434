//! What a second run would need to be the same, and what the lab itself was like.

use std::fmt::{Result, Write as _};

use super::Report;
use super::text::{cell, code};

pub(super) fn write(report: &Report<'_>, page: &mut String) -> Result {
    let card = report.card;
    writeln!(page, "## The run\n")?;
    let (run, schedule) = (code(&card.run), code(&card.schedule_hash));
    writeln!(page, "- run {run}, seed {}, scale {}, schedule {schedule}", card.seed, cell(&card.scale))?;
    for setting in &report.story.about.settings {
        writeln!(page, "- {}: {}", cell(&setting.name), cell(&setting.value))?;
    }
    let load = &card.load;
    if let (Some(offered), Some(achieved)) = (load.offered, load.achieved) {
        let late = load.lateness_p99_ms.unwrap_or_default();
        writeln!(
            page,
            "- load: {offered:.1} requests a second offered, {achieved:.1} sent, at most {late:.2} ms late (p99)"
        )?;
    }
    if let Some(law) = &card.measures.littles_law {
        writeln!(
            page,
            "- Little's law before the fault: {:.1}/s x {:.1} ms = {:.1} busy workers, measured {:.1} ({:+.1} %, busy from {})",
            law.rate,
            law.latency_s * 1e3,
            law.rate * law.latency_s,
            law.busy,
            law.error_share * 100.0,
            cell(&law.busy_from)
        )?;
    }
    if let Some(footprint) = card.footprint.as_object() {
        let figures: Vec<String> =
            footprint.iter().map(|(name, value)| cell(&format!("{name} {value}"))).collect();
        writeln!(page, "- footprint: {}", figures.join(", "))?;
    }
    for item in &card.residue {
        writeln!(page, "- **left behind**: {}", cell(item))?;
    }
    writeln!(page, "- head of the journal {}", code(&card.head))
}
