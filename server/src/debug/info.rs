//! `INFO [section]`: `name:value` lines under `# Section` headings, as many scrapers read them.
//!
//! A section that does not exist is answered with the ones that do.

use fanfold_engine::{Error, StatusValue};

use super::answer::{error, line};
use crate::info::{Field, fields};
use crate::service::Service;
use crate::suggest::nearest;
use crate::text::escape;

pub(super) fn answer(service: &Service, section: Option<&str>) -> Result<String, Error> {
    let all = fields(service)?;
    Ok(match section {
        None => print(&all, |_| true),
        Some(wanted) if all.iter().any(|(section, ..)| section.eq_ignore_ascii_case(wanted)) => {
            print(&all, |section| section.eq_ignore_ascii_case(wanted))
        }
        Some(wanted) => unknown(&all, wanted),
    })
}

fn print(fields: &[Field], is_wanted: impl Fn(&str) -> bool) -> String {
    let mut out = String::new();
    let mut current = "";
    for (section, name, value) in fields.iter().filter(|(section, ..)| is_wanted(section)) {
        if *section != current {
            let gap = if out.is_empty() { "" } else { "\n" };
            line(&mut out, format_args!("{gap}# {section}"));
            current = section;
        }
        match value {
            StatusValue::Number(number) => line(&mut out, format_args!("{name}:{number}")),
            StatusValue::Text(text) => {
                line(&mut out, format_args!("{name}:{}", escape(text.as_bytes())));
            }
        }
    }
    out
}

fn unknown(fields: &[Field], wanted: &str) -> String {
    let mut sections: Vec<&str> = fields.iter().map(|(section, ..)| *section).collect();
    sections.dedup();
    let meant = match nearest(wanted, sections.iter().copied()) {
        Some(near) => format!("did you mean {near}? "),
        None => String::new(),
    };
    let list = sections.join(", ");
    error("invalid", &format!("unknown section `{wanted}`; {meant}the sections are {list}"))
}
