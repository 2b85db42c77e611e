//! Curves: how a cost changes with the size of the world. Both axes are logarithmic, so that a cost that
//! does not change is a level line.

use super::book::{Book, Entry};
use super::svg::{Anchor, Picture, colour};
use super::{Plot, file_name};
use crate::number::float;
use crate::results::number;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 90.0;
const RIGHT: f64 = 30.0;
const TOP: f64 = 60.0;
const BOTTOM: f64 = 40.0;

/// A picture for each case that was measured at several sizes.
pub(super) fn plots(book: &Book) -> Vec<Plot> {
    let mut plots = Vec::new();
    for (measure, _, _) in book.measures() {
        for case in book.cases(measure) {
            let mut entries = book.entries(measure);
            entries.retain(|entry| entry.case == case && entry.at.is_some());
            if let Some(first) = entries.first() {
                let title = format!("{measure}: {case}, {}", first.unit);
                let name = file_name(&format!("{measure} {case}"));
                plots.push(Plot { measure: measure.clone(), name, svg: picture(&title, &entries) });
            }
        }
    }
    plots
}

fn picture(title: &str, entries: &[&Entry]) -> String {
    let mut picture = Picture::new(WIDTH, HEIGHT, title);
    let sizes = entries.iter().filter_map(|entry| entry.at);
    let (x, y) = (Scale::of(sizes, (LEFT, WIDTH - RIGHT)), levels(entries));
    for entry in entries {
        let at = entry.at.unwrap_or_default();
        let label = number(at.round());
        picture.text((x.place(at), HEIGHT - BOTTOM + 18.0), Anchor::Middle, 12, &label);
    }
    for power in y.powers() {
        let level = y.place(power);
        picture.line((LEFT, level), (WIDTH - RIGHT, level), "#dddddd");
        picture.text((LEFT - 8.0, level + 4.0), Anchor::End, 12, &number(power));
    }
    let mut systems: Vec<String> = entries.iter().map(|entry| curve_name(entry)).collect();
    systems.dedup();
    for (number, system) in systems.iter().enumerate() {
        let of_system = entries.iter().filter(|entry| curve_name(entry) == *system);
        let points: Vec<(f64, f64)> = of_system
            .map(|entry| (x.place(entry.at.unwrap_or_default()), y.place(entry.median())))
            .collect();
        picture.curve(&points, colour(number));
        let place = (LEFT + 170.0 * float(number as u64), 44.0);
        picture.rectangle((place.0, place.1 - 9.0), (10.0, 10.0), colour(number));
        picture.text((place.0 + 15.0, place.1), Anchor::Start, 12, system);
    }
    picture.finish()
}

/// Systems at several sizes are told apart by what stands behind the `@`.
fn curve_name(entry: &Entry) -> String {
    entry.system.split(" @ ").next().unwrap_or_default().to_owned()
}

fn levels(entries: &[&Entry]) -> Scale {
    let values = entries.iter().map(|entry| entry.median());
    let (low, high) = Scale::span(values);
    // A decade at least: a level line has to look like one.
    let middle = (low * high).sqrt();
    let (low, high) = (low.min(middle / 4.0), high.max(middle * 4.0));
    Scale { low, high, from: HEIGHT - BOTTOM, to: TOP }
}

/// From values to pixels, by their logarithms.
struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    fn span(values: impl Iterator<Item = f64>) -> (f64, f64) {
        let fold = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
        values.filter(|value| 0.0 < *value).fold((f64::INFINITY, f64::MIN_POSITIVE), fold)
    }

    fn of(values: impl Iterator<Item = f64>, (from, to): (f64, f64)) -> Self {
        let (low, high) = Self::span(values);
        // The first and the last point stand a little inside.
        Self { low: low / 1.2, high: high * 1.2, from, to }
    }

    fn place(&self, value: f64) -> f64 {
        let share = (value.max(self.low) / self.low).ln() / (self.high / self.low).ln();
        self.from + share * (self.to - self.from)
    }

    /// 1, 2 and 5 of each decade within.
    fn powers(&self) -> Vec<f64> {
        let decades = (-9..13).map(|power: i32| 10f64.powi(power));
        let steps = decades.flat_map(|decade| [decade, 2.0 * decade, 5.0 * decade]);
        steps.filter(|step| self.low <= *step && *step <= self.high).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::book::tests::row;
    use super::*;

    #[test]
    fn a_cost_that_does_not_change_is_a_level_line() {
        let of = |users: f64, value| {
            let system = format!("fanfold @ {users}");
            let row = row(1, ["growth", "a page", &system, "us"], value, 1.0);
            crate::results::Row { at: Some(users), ..row }
        };
        let book = Book::of(vec![of(1e4, 5.0), of(1e5, 5.0), of(1e6, 5.0)]);
        let plots = plots(&book);
        let [plot] = plots.as_slice() else { panic!() };
        assert_eq!(plot.name, "growth-a-page");
        let points = plot.svg.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
        let heights: Vec<&str> =
            points.split(' ').map(|point| point.split(',').nth(1).unwrap()).collect();
        assert_eq!(heights.len(), 3);
        assert!(heights.iter().all(|height| *height == heights[0]), "{points}");
        assert!(plot.svg.contains(">1,000,000<"), "{}", plot.svg);
    }
}
