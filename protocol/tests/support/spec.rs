//! `PROTOCOL.md` as data: the field tables are read and used to walk through the bytes of a frame,
//! with nothing of the crate's own decoder. So the document is tested by every golden frame, and a
//! client that follows it reads the same fields.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::hex;
use super::markdown::{Table, tables};

/// The specification.
pub(crate) const TEXT: &str = include_str!("../../PROTOCOL.md");

/// The header, as (field, bytes).
const HEADER: [(&str, usize); 7] = [
    ("body_bytes", 4),
    ("kind", 1),
    ("flags", 1),
    ("generation", 2),
    ("request_id", 4),
    ("body_crc", 4),
    ("header_crc", 4),
];

/// The field tables of the document.
#[derive(Debug)]
pub(crate) struct Spec {
    /// Fields by the title of their structure or the number of their kind.
    bodies: BTreeMap<String, Vec<Field>>,
    /// Names of kinds by number.
    names: BTreeMap<u8, String>,
    limits: BTreeMap<String, u64>,
}

#[derive(Debug)]
struct Field {
    name: String,
    shape: String,
    /// The field that says how often it stands there.
    repeated: Option<String>,
    /// The field it depends on, whether as a bit, and the values.
    condition: Option<(String, bool, Vec<u64>)>,
    limit: Option<u64>,
}

impl Spec {
    /// Reads the document.
    pub(crate) fn read() -> Self {
        let tables = tables(TEXT);
        let limits = limits(&tables);
        let mut spec = Self { bodies: BTreeMap::new(), names: BTreeMap::new(), limits };
        for table in tables.iter().filter(|table| table.columns.first().is_some_and(is_field)) {
            let titles: Vec<&str> = table.heading.split(", ").collect();
            for title in titles {
                let fields = table.rows.iter().map(|row| spec.field(row)).collect();
                let old = spec.bodies.insert(title.to_owned(), fields);
                assert!(old.is_none(), "{title} has two tables");
            }
        }
        spec.read_headings();
        spec
    }

    /// Kinds that have a heading, with an empty body if they have no table.
    fn read_headings(&mut self) {
        for line in TEXT.lines().filter_map(|line| line.strip_prefix("### 0x")) {
            for title in line.split(", ") {
                let title = title.trim_start_matches("0x");
                let (number, name) = title.split_once(' ').expect("a number and a name");
                let number = u8::from_str_radix(number, 16).expect("a byte");
                self.names.insert(number, name.to_owned());
                self.bodies.entry(format!("0x{title}")).or_default();
            }
        }
    }

    fn field(&self, row: &[String]) -> Field {
        let [name, shape, limit, _] = row else { panic!("four cells: {row:?}") };
        let (shape, condition) = match shape.split_once(" if ") {
            Some((shape, condition)) => (shape.trim_end_matches(','), Some(condition)),
            None => (shape.as_str(), None),
        };
        let repeated = shape.strip_suffix(" times").and_then(|shape| shape.rsplit_once(", "));
        let (shape, repeated) = match repeated {
            Some((shape, count)) => (shape, Some(count.to_owned())),
            None => (shape, None),
        };
        let limit = (!limit.is_empty()).then(|| self.limit(limit));
        let condition = condition.map(parse_condition);
        Field { name: name.clone(), shape: shape.to_owned(), repeated, condition, limit }
    }

    fn limit(&self, text: &str) -> u64 {
        text.parse().ok().or_else(|| self.limits.get(text).copied()).expect(text)
    }

    /// Kinds that have a section of their own, with their names.
    pub(crate) fn kinds(&self) -> &BTreeMap<u8, String> {
        &self.names
    }

    /// The frame as commented hex.
    pub(crate) fn annotate(&self, frame: &[u8]) -> Result<String, String> {
        let mut walk = Walk { rest: frame, out: String::new() };
        let mut kind = 0;
        for (name, bytes) in HEADER {
            let piece = walk.take(bytes)?;
            let number = little_endian(piece);
            let comment = match name {
                "kind" => {
                    kind = u8::try_from(number).map_err(|_| "one byte")?;
                    format!("kind {number:#04x} {}", self.names.get(&kind).ok_or("unknown kind")?)
                }
                "body_crc" | "header_crc" => name.to_owned(),
                _ => format!("{name} {number}"),
            };
            walk.out.push_str(&hex::line(piece, &comment));
        }
        let title = format!("{kind:#04x} {}", self.names.get(&kind).ok_or("unknown kind")?);
        self.walk(&title, "", &mut walk)?;
        if walk.rest.is_empty() { Ok(walk.out) } else { Err(format!("left over: {walk:?}")) }
    }

    fn walk(&self, title: &str, path: &str, walk: &mut Walk<'_>) -> Result<(), String> {
        let fields = self.bodies.get(title).ok_or_else(|| format!("no table for {title}"))?;
        let mut values: BTreeMap<&str, u64> = BTreeMap::new();
        for field in fields {
            if !field.applies(&values)? {
                continue;
            }
            let count = match &field.repeated {
                Some(count) => *values.get(count.as_str()).ok_or("no count")?,
                None => 1,
            };
            for index in 0..count {
                let is_repeated = field.repeated.is_some();
                let index = if is_repeated { format!("[{index}]") } else { String::new() };
                let path = format!("{path}{}{index}", field.name);
                if let Some(value) = self.step(field, &field.shape, &path, walk)? {
                    values.insert(&field.name, value);
                }
            }
        }
        Ok(())
    }

    /// One value; a number is returned, because conditions may ask for it.
    fn step(
        &self,
        field: &Field,
        shape: &str,
        path: &str,
        walk: &mut Walk<'_>,
    ) -> Result<Option<u64>, String> {
        let check = |value: u64| match field.limit {
            Some(limit) if limit < value => Err(format!("{path} {value} is above {limit}")),
            _ => Ok(value),
        };
        if let Some(inner) = shape.strip_prefix("option ") {
            let piece = walk.take(1)?;
            let is_some = little_endian(piece) == 1;
            let word = if is_some { "follows" } else { "absent" };
            walk.out.push_str(&hex::line(piece, &format!("{path} {word}")));
            return if is_some { self.step(field, inner, path, walk) } else { Ok(None) };
        }
        if let Some(bytes) = shape.strip_suffix(" bytes") {
            let piece = walk.take(bytes.parse().map_err(|_| shape)?)?;
            walk.out.push_str(&hex::line(piece, path));
            return Ok(None);
        }
        let value = match shape {
            "u8" => walk.fixed(1, path)?,
            "u16" => walk.fixed(2, path)?,
            "u32" => walk.fixed(4, path)?,
            "u64" => walk.fixed(8, path)?,
            "varint" => walk.varint(path)?,
            "zigzag" => return walk.zigzag(path).map(|()| None),
            "bytes" | "text" => {
                let bytes = check(walk.varint(&format!("{path}, length"))?)?;
                let piece = walk.take(usize::try_from(bytes).map_err(|_| "too long")?)?;
                let text = if shape == "text" { quote(piece)? } else { String::new() };
                walk.out.push_str(&hex::line(piece, format!("{path} {text}").trim_end()));
                return Ok(None);
            }
            structure => return self.walk(structure, &format!("{path}."), walk).map(|()| None),
        };
        check(value).map(Some)
    }
}

impl Field {
    fn applies(&self, values: &BTreeMap<&str, u64>) -> Result<bool, String> {
        let Some((name, is_bit, wanted)) = &self.condition else { return Ok(true) };
        let value = *values.get(name.as_str()).ok_or_else(|| format!("no field {name}"))?;
        Ok(wanted.iter().any(|want| if *is_bit { value & want != 0 } else { value == *want }))
    }
}

#[derive(Debug)]
struct Walk<'a> {
    rest: &'a [u8],
    out: String,
}

impl<'a> Walk<'a> {
    fn take(&mut self, bytes: usize) -> Result<&'a [u8], String> {
        let (piece, rest) = self.rest.split_at_checked(bytes).ok_or("the frame ends too early")?;
        self.rest = rest;
        Ok(piece)
    }

    fn fixed(&mut self, bytes: usize, path: &str) -> Result<u64, String> {
        let piece = self.take(bytes)?;
        let value = little_endian(piece);
        self.out.push_str(&hex::line(piece, &format!("{path} {value}")));
        Ok(value)
    }

    fn take_varint(&mut self) -> Result<(&'a [u8], u64), String> {
        let last = self.rest.iter().position(|byte| byte & 0x80 == 0).ok_or("an endless varint")?;
        let piece = self.take(last + 1)?;
        let value = piece.iter().rev().fold(0, |value, byte| value << 7 | u64::from(byte & 0x7f));
        Ok((piece, value))
    }

    fn varint(&mut self, path: &str) -> Result<u64, String> {
        let (piece, value) = self.take_varint()?;
        self.out.push_str(&hex::line(piece, &format!("{path} {value}")));
        Ok(value)
    }

    fn zigzag(&mut self, path: &str) -> Result<(), String> {
        let (piece, value) = self.take_varint()?;
        let half = i128::from(value / 2);
        let signed = if value % 2 == 0 { half } else { -half - 1 };
        self.out.push_str(&hex::line(piece, &format!("{path} {signed:+}")));
        Ok(())
    }
}

fn is_field(column: &String) -> bool {
    column == "field"
}

fn limits(tables: &[Table]) -> BTreeMap<String, u64> {
    let table = tables.iter().find(|table| table.section == "Limits").expect("a table of limits");
    let limit = |row: &Vec<String>| match row.as_slice() {
        [name, value, _] => (name.clone(), value.parse().expect("a number")),
        _ => panic!("three cells: {row:?}"),
    };
    table.rows.iter().map(limit).collect()
}

fn parse_condition(text: &str) -> (String, bool, Vec<u64>) {
    let (name, rest) = text.split_once(' ').expect("a field and a condition");
    let (verb, values) = rest.split_once(' ').expect("is or has, and values");
    assert!(["is", "has"].contains(&verb), "{text}");
    let values = values.split(" or ").map(|value| value.parse().expect("a number")).collect();
    (name.to_owned(), verb == "has", values)
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn quote(bytes: &[u8]) -> Result<String, String> {
    let text = str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let mut out = String::new();
    write!(out, "\"{}\"", text.escape_default()).map_err(|error| error.to_string())?;
    Ok(out)
}
