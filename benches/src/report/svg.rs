//! A picture in SVG, written by hand: rectangles, lines and text are all that bars and curves need, and a
//! library for them would be larger than this whole program.

use std::fmt::Write;

/// Colours that can be told apart, also by the colour-blind (Okabe and Ito, 2008).
const COLOURS: [&str; 8] =
    ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#999999", "#f0e442"];

/// The colour of the system with that number.
pub(super) fn colour(number: usize) -> &'static str {
    COLOURS.get(number % COLOURS.len()).copied().unwrap_or("#000000")
}

/// Where a text stands, seen from its point.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture that grows.
#[derive(Debug)]
pub(super) struct Picture {
    body: String,
    width: f64,
    height: f64,
}

impl Picture {
    /// An empty one, in pixels, with a title.
    pub(super) fn new(width: f64, height: f64, title: &str) -> Self {
        let mut picture = Self { body: String::new(), width, height };
        picture.rectangle((0.0, 0.0), (width, height), "#ffffff");
        picture.text((width / 2.0, 20.0), Anchor::Middle, 15, title);
        picture
    }

    fn push(&mut self, element: std::fmt::Arguments<'_>) {
        let _cannot_fail = writeln!(self.body, "{element}");
    }

    pub(super) fn rectangle(
        &mut self,
        (x, y): (f64, f64),
        (width, height): (f64, f64),
        fill: &str,
    ) {
        self.push(format_args!(
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill="{fill}"/>"#
        ));
    }

    pub(super) fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), stroke: &str) {
        self.push(format_args!(
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" stroke="{stroke}"/>"#
        ));
    }

    pub(super) fn curve(&mut self, points: &[(f64, f64)], stroke: &str) {
        let shown: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let shown = shown.join(" ");
        self.push(format_args!(
            r#"<polyline points="{shown}" fill="none" stroke="{stroke}" stroke-width="2"/>"#
        ));
        for (x, y) in points {
            self.push(format_args!(r#"<circle cx="{x:.1}" cy="{y:.1}" r="3.5" fill="{stroke}"/>"#));
        }
    }

    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, size: u32, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        self.push(format_args!(
            r##"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" font-size="{size}" fill="#222222">{text}</text>"##
        ));
    }

    /// The file.
    pub(super) fn finish(self) -> String {
        let Self { body, width, height } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"sans-serif\">\n{body}</svg>\n"
        )
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_one_element_and_its_texts_are_escaped() {
        let mut picture = Picture::new(100.0, 50.0, "a < b & c");
        picture.curve(&[(1.0, 2.0), (3.0, 4.0)], colour(0));
        let svg = picture.finish();
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
        assert!(svg.contains(">a &lt; b &amp; c</text>"), "{svg}");
        assert!(svg.contains("points=\"1.0,2.0 3.0,4.0\""), "{svg}");
    }
}
