//! Links to the plots of report.html, each in the part of the postmortem that it supports. A picture here would be a copy
//! of one there, without its numbers.

/// The plots, by the anchors of their figures, and what they are called there.
const USERS: &str = "[Answered in time](report.html#figure-users)";
const LATENCY: &str = "[How long users waited](report.html#figure-latency)";
const GOODPUT: &str = "[Goodput](report.html#figure-goodput)";
const WORKERS: &str = "[Workers busy](report.html#figure-workers)";
const QUEUES: &str = "[Requests waiting for a worker](report.html#figure-queues)";
const AMPLIFICATION: &str = "[Attempts per call](report.html#figure-amplification)";
const BREAKERS: &str = "[Breakers](report.html#figure-breakers)";
const LANES: &str = "[What happened, and when](report.html#timeline)";

/// What users felt.
pub(super) fn impact() -> Vec<String> {
    linked(&[USERS, GOODPUT, LATENCY])
}

/// Who did what, beside what the shop did.
pub(super) fn timeline() -> Vec<String> {
    linked(&[LANES])
}

/// How it spread.
pub(super) fn causes() -> Vec<String> {
    linked(&[WORKERS, QUEUES, AMPLIFICATION])
}

/// How it ended.
pub(super) fn resolution() -> Vec<String> {
    linked(&[GOODPUT, BREAKERS])
}

/// A paragraph of its own.
fn linked(plots: &[&str]) -> Vec<String> {
    vec![String::new(), format!("Plots: {}.", plots.join(", "))]
}

#[cfg(test)]
mod tests {
    use crate::grade;
    use crate::testbed::Bed;

    #[test]
    fn every_plot_that_a_draft_links_is_in_the_report_under_its_title() {
        let recording = Bed::never_recovered().recording();
        let graded = grade(&recording);
        let (draft, page) = (crate::postmortem::draft(&recording, &graded.card), graded.report_html());
        let links: Vec<(&str, &str)> = draft
            .split('[')
            .filter_map(|link| link.split_once("](report.html#"))
            .filter_map(|(title, rest)| Some((title, rest.split_once(')')?.0)))
            .collect();
        assert_eq!(links.len(), 9, "{links:?}");
        for (title, anchor) in links {
            let at = page.find(&format!("id=\"{anchor}\""));
            let after = &page[at.unwrap_or_else(|| panic!("{anchor} is not in the report"))..];
            let heading = after.split("</h").next().unwrap_or_default();
            assert!(heading.ends_with(title), "{anchor}: {heading}");
        }
    }
}
