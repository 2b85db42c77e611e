//! Bars: each case of a measure, and in it each system, by its median; a thin line from the least to the
//! most. Where systems differ a hundredfold, the axis is logarithmic.

use super::book::{Book, Entry};
use super::svg::{Anchor, Picture, colour};
use super::{Plot, file_name};
use crate::number::float;
use crate::results::number;

const WIDTH: f64 = 860.0;
const NAMES: f64 = 250.0;
const BAR: f64 = 18.0;
const GAP: f64 = 6.0;
const HEAD: f64 = 34.0;
const CASE_HEAD: f64 = 24.0;

/// A picture for each measure whose rows have no place on an axis.
pub(super) fn plots(book: &Book) -> Vec<Plot> {
    let mut plots = Vec::new();
    for (measure, _, _) in book.measures() {
        for unit in units(book, measure) {
            let entries = book.entries(measure);
            let of_unit: Vec<&Entry> = entries
                .into_iter()
                .filter(|entry| entry.unit == unit && entry.at.is_none())
                .collect();
            if !of_unit.is_empty() {
                let name = file_name(&format!("{measure} {}", unit.replace('/', " per ")));
                let svg = picture(&format!("{measure}, {unit}"), &of_unit);
                plots.push(Plot { measure: measure.clone(), name, svg });
            }
        }
    }
    plots
}

fn units(book: &Book, measure: &str) -> Vec<String> {
    let mut units: Vec<String> = Vec::new();
    for entry in book.entries(measure) {
        if !units.contains(&entry.unit) {
            units.push(entry.unit.clone());
        }
    }
    units
}

fn picture(title: &str, entries: &[&Entry]) -> String {
    let cases = cases(entries);
    let rows = float(entries.len() as u64);
    let height = HEAD + float(cases.len() as u64) * CASE_HEAD + rows * (BAR + GAP) + 12.0;
    let axis = Axis::of(entries);
    let title = if axis.logarithmic { format!("{title} (logarithmic)") } else { title.to_owned() };
    let mut picture = Picture::new(WIDTH, height, &title);
    let systems = systems(entries);
    let mut y = HEAD;
    for case in cases {
        picture.text((8.0, y + 16.0), Anchor::Start, 13, case);
        y += CASE_HEAD;
        for entry in entries.iter().filter(|entry| entry.case == case) {
            let number = systems.iter().position(|system| *system == entry.system);
            bar(&mut picture, y, entry, &axis, colour(number.unwrap_or(0)));
            y += BAR + GAP;
        }
    }
    picture.finish()
}

fn bar(picture: &mut Picture, y: f64, entry: &Entry, axis: &Axis, fill: &str) {
    picture.text((NAMES - 8.0, y + 13.0), Anchor::End, 12, &entry.system);
    let length = axis.place(entry.median());
    picture.rectangle((NAMES, y), (length, BAR), fill);
    let (least, most) = (axis.place(entry.least()), axis.place(entry.most()));
    let middle = y + BAR / 2.0;
    picture.line((NAMES + least, middle), (NAMES + most, middle), "#222222");
    let shown = number(entry.median());
    picture.text((NAMES + length.max(most) + 6.0, y + 13.0), Anchor::Start, 12, &shown);
}

fn cases<'a>(entries: &[&'a Entry]) -> Vec<&'a str> {
    let mut cases: Vec<&str> = Vec::new();
    entries.iter().for_each(|entry| {
        if !cases.contains(&entry.case.as_str()) {
            cases.push(&entry.case);
        }
    });
    cases
}

fn systems<'a>(entries: &[&'a Entry]) -> Vec<&'a str> {
    let mut systems: Vec<&str> = Vec::new();
    entries.iter().for_each(|entry| {
        if !systems.contains(&entry.system.as_str()) {
            systems.push(&entry.system);
        }
    });
    systems
}

/// From values to pixels.
struct Axis {
    least: f64,
    most: f64,
    logarithmic: bool,
}

impl Axis {
    fn of(entries: &[&Entry]) -> Self {
        let most = entries.iter().map(|entry| entry.most()).fold(f64::MIN_POSITIVE, f64::max);
        let least = entries.iter().map(|entry| entry.least()).filter(|value| 0.0 < *value);
        let least = least.fold(most, f64::min);
        Self { least: least / 2.0, most, logarithmic: 100.0 < most / least }
    }

    fn place(&self, value: f64) -> f64 {
        let room = WIDTH - NAMES - 110.0;
        if self.logarithmic {
            let span = (self.most / self.least).ln();
            return ((value.max(self.least) / self.least).ln() / span * room).max(0.0);
        }
        value / self.most * room
    }
}

#[cfg(test)]
mod tests {
    use super::super::book::tests::row;
    use super::*;

    #[test]
    fn every_system_has_its_bar() {
        let of =
            |system, value| row(1, ["fan-out", "1 writer", system, "deliveries/s"], value, 1.0);
        let book = Book::of(vec![of("fanfold", 10_000_000.0), of("redis", 4_000.0)]);
        let plots = plots(&book);
        assert_eq!(plots.len(), 1);
        let [plot] = plots.as_slice() else { panic!() };
        assert_eq!(plot.name, "fan-out-deliveries-per-s");
        assert!(plot.svg.contains("logarithmic") && plot.svg.contains(">redis<"), "{}", plot.svg);
        assert!(plot.svg.contains(">10,000,000<"), "{}", plot.svg);
    }
}
