//! The table of `dashboards/README.md`: each metric, what it says, and what others call it.

/// The page itself, so that the program and the page cannot differ.
const PAGE: &str = include_str!("../../../../dashboards/README.md");
/// Cells of a row of the table.
const CELLS: usize = 6;

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// A row may be about several metrics.
    pub(super) names: Vec<String>,
    pub(super) labels: String,
    pub(super) says: String,
    /// What is nearest in resilience4j, Envoy and linkerd.
    pub(super) others: [String; 3],
}

/// The table.
pub(super) fn rows() -> Vec<Row> {
    PAGE.lines().filter_map(row).collect()
}

/// The names of all metrics, as they are queried.
pub(super) fn names() -> Vec<String> {
    rows().into_iter().flat_map(|row| row.names).collect()
}

/// What a metric says, in the words of the table.
pub(crate) fn says(name: &str) -> Option<String> {
    rows().into_iter().find(|row| row.names.iter().any(|known| known == name)).map(|row| row.says)
}

/// The differences between us and others, each a paragraph of the page.
pub(super) fn remarks() -> Vec<String> {
    let mut remarks: Vec<String> = Vec::new();
    for line in PAGE.lines() {
        if let Some(begun) = line.strip_prefix("- **") {
            remarks.push(begun.replace("**", ""));
        } else if line.starts_with("  ")
            && let Some(remark) = remarks.last_mut()
        {
            remark.push(' ');
            remark.push_str(line.trim());
        }
    }
    remarks
}

fn row(line: &str) -> Option<Row> {
    let inner = line.strip_prefix("| ")?.trim_end().strip_suffix('|')?;
    let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
    if cells.len() != CELLS || !cells[0].starts_with('`') {
        return None;
    }
    let names = cells[0].split(',').map(|name| name.trim().trim_matches('`').to_owned()).collect();
    let plain = |cell: &str| cell.replace('`', "");
    Some(Row {
        names,
        labels: plain(cells[1]),
        says: plain(cells[2]),
        others: [cells[3], cells[4], cells[5]].map(plain),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_its_table_and_its_remarks() {
        assert!(rows().len() > 20, "{}", rows().len());
        let depth = rows().into_iter().find(|row| row.names[0] == "lab_queue_depth").unwrap();
        assert_eq!(depth.names[1], "lab_queue_capacity");
        assert!(depth.others[0].contains("resilience4j_bulkhead_queue_depth"), "{depth:?}");
        assert!(remarks().iter().any(|remark| remark.contains("not latency")), "{:?}", remarks());
    }
}
