//! Writing SVG: the few shapes that the report draws, every text escaped, coordinates to a hundredth.

use std::fmt::Write as _;

/// One picture.
pub(super) struct Svg {
    out: String,
}

impl Svg {
    /// A picture with its name, and a sentence for those who do not see it. `id` is unique on the page.
    pub(super) fn new(id: &str, class: &str, (width, height): (f64, f64), title: &str, told: &str) -> Svg {
        let mut svg = Svg { out: String::new() };
        let (id, width, height) = (escape(id), number(width), number(height));
        svg.raw(&format!(
            "<svg id=\"{id}\" class=\"{class}\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
             aria-labelledby=\"{id}-t {id}-d\"><title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>",
            escape(title),
            escape(told)
        ));
        svg
    }

    pub(super) fn finish(mut self) -> String {
        self.out.push_str("</svg>");
        self.out
    }

    /// Markup that is known to be well.
    pub(super) fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    /// A group with a tooltip; it ends with [`Svg::end`]. `data` are attributes that the page's script reads.
    pub(super) fn group(&mut self, class: &str, data: &[(&str, String)], tip: &str) {
        let _ = write!(self.out, "<g class=\"{class}\"");
        for (name, value) in data {
            let _ = write!(self.out, " data-{name}=\"{}\"", escape(value));
        }
        self.out.push('>');
        if !tip.is_empty() {
            let _ = write!(self.out, "<title>{}</title>", escape(tip));
        }
    }

    pub(super) fn end(&mut self) {
        self.out.push_str("</g>");
    }

    pub(super) fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), round: f64) {
        let [x, y, width, height] = [x, y, width.max(0.0), height.max(0.0)].map(number);
        let _ = write!(
            self.out,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\""
        );
        if round > 0.0 {
            let _ = write!(self.out, " rx=\"{}\"", number(round));
        }
        self.out.push_str("/>");
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(number);
        let _ = write!(self.out, "<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>");
    }

    pub(super) fn path(&mut self, class: &str, d: &str) {
        let _ = write!(self.out, "<path class=\"{class}\" d=\"{d}\"/>");
    }

    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), text: &str) {
        let [x, y] = [x, y].map(number);
        let _ = write!(self.out, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{}</text>", escape(text));
    }
}

/// Points joined by straight lines.
pub(super) fn polyline(points: &[(f64, f64)]) -> String {
    let mut d = String::with_capacity(points.len() * 12);
    for (n, (x, y)) in points.iter().enumerate() {
        d.push(if n == 0 { 'M' } else { ' ' });
        let _ = write!(d, "{},{}", number((x * 10.0).round() / 10.0), number(*y));
    }
    d
}

/// A coordinate: at most two places behind the point.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0" } else { text }.to_owned()
}

/// Text that stays text, wherever it is put; control characters, those that turn the direction of writing included,
/// are left out.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            char if char.is_control() => {}
            char => out.push(char),
        }
    }
    out
}

/// At most so many characters.
pub(super) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_element_nor_turn_what_follows() {
        let hostile = "</title><script>alert(1)</script>\u{202e}\"' 🙂";
        assert_eq!(escape(hostile), "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; 🙂");
    }

    #[test]
    fn coordinates_are_short() {
        assert_eq!([1.0, 0.125, -0.001, 12.50].map(number), ["1", "0.12", "0", "12.5"]);
        assert_eq!(polyline(&[(1.0, 2.0), (3.26, 4.0)]), "M1,2 3.3,4");
    }

    #[test]
    fn long_texts_are_cut_by_characters_and_not_by_bytes() {
        assert_eq!((short("äöüß", 4), short("äöüßa", 4)), ("äöüß".to_owned(), "äöü…".to_owned()));
    }
}
