//! axe-core, the checker of accessibility that browsers' own tools use: put into a page, it says which rules of WCAG 2.0 to
//! 2.2, levels A and AA, the page breaks. `deploy/scripts/test-tools` installs it.

use std::path::PathBuf;

use serde_json::Value;

use super::Browser;
use crate::{repo, tools};

/// Where the script is, below the folder of what was built.
const SCRIPT: &str = "tools/axe/axe_playwright_python/axe.min.js";
/// The rules that are asked for.
const RULES: &str = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']";

/// The script, ready to be put into pages.
#[derive(Debug)]
pub struct Axe {
    script: String,
}

impl Axe {
    /// Finds it; `None`, with a word about it, where it is not installed.
    ///
    /// # Panics
    /// When it is not there and `CI` is set.
    pub fn find() -> Option<Self> {
        let file: PathBuf = tools::present(repo::target().join(SCRIPT), "axe-core")?;
        Some(Self { script: repo::read(&file) })
    }

    /// The rules that the open page breaks as it is shown now, one line each with the places; none if all is well.
    pub fn violations(&self, browser: &Browser) -> Vec<String> {
        browser.run(&self.script);
        let found = browser.run_to_its_end(&format!(
            "axe.run(document, {{runOnly: {{type: 'tag', values: {RULES}}}}}).then(found => ({{
                passed: found.passes.length,
                broken: found.violations.map(rule => rule.id + ': ' + rule.help + ': '
                    + rule.nodes.slice(0, 5).map(node => node.target.join(' ') + ' ' + node.html.slice(0, 160)
                        + ' (' + node.failureSummary.replace(/\\s+/g, ' ') + ')').join('; '))
            }}))"
        ));
        // A check that looked at nothing finds nothing.
        assert!(found["passed"].as_u64() > Some(0), "axe-core looked at nothing: {found}");
        let broken = found["broken"].as_array().into_iter().flatten();
        broken.filter_map(Value::as_str).map(str::to_owned).collect()
    }
}
