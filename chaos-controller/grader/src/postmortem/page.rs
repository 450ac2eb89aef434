//! A postmortem as it is read: its sections, and its prose in blocks whose every letter keeps its place. What its author
//! does not say in their own voice is blanked out: code, quotations, comments, and what is still to be filled in. So a
//! rule about words sees only words that somebody meant.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// A Markdown text.
pub(crate) struct Page<'a> {
    pub(crate) lines: Vec<&'a str>,
    pub(crate) sections: Vec<Section>,
    pub(crate) blocks: Vec<Block>,
}

/// A heading, and what is under it: everything up to the next heading that is not below it.
pub(crate) struct Section {
    pub(crate) title: String,
    /// From 1.
    pub(crate) line: usize,
    /// Indices of lines.
    pub(crate) body: Range<usize>,
}

/// A paragraph, a list item, a heading or a row of a table.
pub(crate) struct Block {
    /// Its lines, joined by line ends; as long as what is written.
    pub(crate) prose: String,
    /// Index of its first line.
    first: usize,
    /// The heading that it stands under; empty before the first.
    pub(crate) section: String,
}

/// A place in the text, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl<'a> Page<'a> {
    pub(crate) fn read(text: &'a str) -> Page<'a> {
        let lines: Vec<&str> = text.lines().collect();
        let fenced = fenced(&lines);
        let headings: Vec<(usize, usize, String)> = lines
            .iter()
            .enumerate()
            .filter(|(index, _)| !fenced[*index])
            .filter_map(|(index, line)| heading(line).map(|(level, title)| (index, level, title)))
            .collect();
        let sections = headings.iter().enumerate().map(|(at, (index, level, title))| {
            let end = headings[at + 1..].iter().find(|(_, other, _)| other <= level);
            Section {
                title: title.clone(),
                line: index + 1,
                body: index + 1..end.map_or(lines.len(), |(index, ..)| *index),
            }
        });
        let sections = sections.collect();
        let blocks = blocks(&lines, &fenced);
        Page { lines, sections, blocks }
    }

    /// What a section says, the headings in it left out.
    pub(crate) fn body(&self, section: &Section) -> String {
        let lines = self.lines[section.body.clone()].iter().filter(|line| heading(line).is_none());
        lines.copied().collect::<Vec<_>>().join("\n")
    }
}

impl Block {
    /// The place of a byte of the prose.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let before = &self.prose[..offset];
        let line = before.matches('\n').count();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
        Place { line: self.first + line + 1, column: column + 1 }
    }
}

/// Level and title of a heading.
fn heading(line: &str) -> Option<(usize, String)> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let title = line.get(level..)?.strip_prefix(' ')?;
    (1..=6).contains(&level).then(|| (level, title.trim().trim_end_matches('#').trim().to_owned()))
}

/// Which lines are in a fence, the fences included.
fn fenced(lines: &[&str]) -> Vec<bool> {
    let mut open = false;
    let mut fenced = Vec::with_capacity(lines.len());
    for line in lines {
        let fence = line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~");
        fenced.push(open || fence);
        open ^= fence;
    }
    fenced
}

fn blocks(lines: &[&str], fenced: &[bool]) -> Vec<Block> {
    static STARTS: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\s*(?:[-*+] |\d+[.)] |\||#)").expect("a regular expression"));
    let mut blocks: Vec<Block> = Vec::new();
    let mut section = String::new();
    let mut open = false;
    for (index, line) in lines.iter().enumerate() {
        let said = !fenced[index] && !line.trim().is_empty() && !line.trim_start().starts_with('>');
        if !said {
            open = false;
            continue;
        }
        let title = heading(line);
        if let Some((_, title)) = &title {
            section.clone_from(title);
        }
        match blocks.last_mut().filter(|_| open && !STARTS.is_match(line)) {
            Some(block) => block.prose.push_str(&format!("\n{line}")),
            None => blocks.push(Block { prose: (*line).to_owned(), first: index, section: section.clone() }),
        }
        open = title.is_none() && !line.trim_start().starts_with('|');
    }
    for block in &mut blocks {
        block.prose = own_words(&block.prose);
    }
    blocks
}

/// The text with everything blanked out that is not said in its author's own voice.
fn own_words(text: &str) -> String {
    static OTHERS: LazyLock<Regex> = LazyLock::new(|| {
        let forms = [
            r"<!--(?s:.*?)-->",
            r"``[^`]+``|`[^`]*`",
            r"\[FILL IN:[^\]]*\]",
            r"\u{201c}[^\u{201d}]*\u{201d}",
            r"\u{201e}[^\u{201c}\u{201d}]*[\u{201c}\u{201d}]",
            r"\u{ab}[^\u{bb}]*\u{bb}",
            // A straight quotation mark opens before a word and closes behind one.
            r#"\B"[^"]*"\B|\B"[^"]*""#,
            // The target of a link is an address.
            r"\]\([^)]*\)",
            r"https?://\S+",
        ];
        Regex::new(&forms.join("|")).expect("the forms are regular expressions")
    });
    let blank = |found: &regex::Captures<'_>| {
        found[0].chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }).collect::<String>()
    };
    OTHERS.replace_all(text, blank).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_hold_what_is_below_them() {
        let page = Page::read("# P\n## Lessons\ntext\n### Well\na\n## Next\nb\n```\n# no heading\n```\n");
        let titles: Vec<&str> = page.sections.iter().map(|section| section.title.as_str()).collect();
        assert_eq!(titles, ["P", "Lessons", "Well", "Next"]);
        assert_eq!(page.body(&page.sections[1]), "text\na");
        assert_eq!(page.sections[3].line, 6);
    }

    #[test]
    fn other_voices_are_blank_and_places_stay() {
        let page = Page::read(
            "Ada wrote \u{201c}Bob forgot\u{201d} and `should have`\nand she \"could\nhave\" left.\n\n> if only\n",
        );
        assert_eq!(page.blocks.len(), 1, "a block quotation is nobody's own");
        let prose = &page.blocks[0].prose;
        assert!(
            !prose.contains("forgot") && !prose.contains("should") && !prose.contains("could"),
            "{prose}"
        );
        let place = page.blocks[0].place(prose.find("left").unwrap());
        assert_eq!(place, Place { line: 3, column: 7 });
    }

    #[test]
    fn rows_items_and_headings_are_blocks_of_their_own() {
        let page = Page::read("## A\ntext\n- one\n  more\n- two\n| a | b |\n| c | d |\n");
        let blocks: Vec<&str> = page.blocks.iter().map(|block| block.prose.as_str()).collect();
        assert_eq!(blocks, ["## A", "text", "- one\n  more", "- two", "| a | b |", "| c | d |"]);
        assert!(page.blocks.iter().all(|block| block.section == "A"));
    }
}
