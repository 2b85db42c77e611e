//! The page: the machine, what is behind its target, then each measure with its settings, its table and
//! its plots.

use std::fmt::Write;

use serde_json::Value;

use super::book::{Book, Entry};
use super::reasons::Reasons;
use super::target::Verdict;
use super::targets::TARGETS;
use crate::results::number;

/// What a reader has to know first: how to have these numbers again.
const INTRODUCTION: &str = "\
Written by `fanfold-benches report`; do not edit. What each row means: [README.md](README.md). Again:

```
apt-get install redis-server postgresql g++ libclang-dev valgrind
cargo build --release -p fanfold-benches
for job in limits peers growth bytes instructions; do
    target/release/fanfold-benches $job --out results.jsonl
done
target/release/fanfold-benches report --from results.jsonl --to benches/RESULTS.md \\
    --reasons benches/REASONS.txt
```
";

/// `plots` are measures with the names of their files.
pub(super) fn page(book: &Book, plots: &[(String, String)], reasons: &Reasons) -> String {
    let mut page = String::new();
    let _cannot_fail = write(&mut page, book, plots, reasons);
    page
}

fn write(
    page: &mut String,
    book: &Book,
    plots: &[(String, String)],
    reasons: &Reasons,
) -> std::fmt::Result {
    writeln!(page, "# Results\n")?;
    writeln!(page, "{INTRODUCTION}")?;
    machines(page, book)?;
    let (disturbed, runs) = book.disturbed();
    writeln!(
        page,
        "{runs} runs; in {disturbed} of them others used more than 8 % of the machine. Compare what \
         stands in one table, not numbers of two machines.\n"
    )?;
    targets(page, book, reasons)?;
    for (measure, settings, _) in book.measures() {
        writeln!(page, "## {measure}\n")?;
        if let Some(settings) = settings.as_object().filter(|settings| !settings.is_empty()) {
            let shown: Vec<String> =
                settings.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect();
            writeln!(page, "Settings: {}.\n", shown.join(", "))?;
        }
        table(page, book, measure)?;
        for (_, name) in plots.iter().filter(|(of, _)| of == measure) {
            writeln!(page, "![{measure}](plots/{name})\n")?;
        }
    }
    Ok(())
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The machines that rows name: one, unless somebody mixed files.
fn machines(page: &mut String, book: &Book) -> std::fmt::Result {
    let mut seen: Vec<&Value> = Vec::new();
    for (_, _, machine) in book.measures() {
        if !seen.contains(&machine) {
            seen.push(machine);
        }
    }
    if 1 < seen.len() {
        writeln!(
            page,
            "**Rows of {} machines or builds: do not compare their tables.**\n",
            seen.len()
        )?;
    }
    for machine in seen {
        let field = |name: &str| machine.get(name).map_or_else(|| "?".to_owned(), plain);
        writeln!(
            page,
            "Machine: {}, {} cores, {} MiB; Linux {}; {}; build {}; commit {}.\n",
            field("processor"),
            field("cores"),
            field("memory_mib"),
            field("kernel"),
            field("file_system"),
            field("profile"),
            field("commit"),
        )?;
    }
    Ok(())
}

fn targets(page: &mut String, book: &Book, reasons: &Reasons) -> std::fmt::Result {
    let judged: Vec<_> = TARGETS.iter().map(|target| (target, target.judge(book))).collect();
    let reached = judged.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Reached(_)));
    writeln!(page, "## Targets\n")?;
    writeln!(page, "{} of {} are reached in this run.\n", reached.count(), judged.len())?;
    writeln!(page, "| target | wanted | measured | |")?;
    writeln!(page, "|---|---|---|---|")?;
    for (target, verdict) in &judged {
        let (measured, word) = match verdict {
            Verdict::Reached(measured) => (measured.as_str(), "reached"),
            Verdict::Missed(measured) => (measured.as_str(), "**behind**"),
            Verdict::Open => ("not measured", ""),
        };
        writeln!(page, "| {} | {} | {measured} | {word} |", target.name, target.want.told())?;
    }
    writeln!(page)?;
    let missed: Vec<_> =
        judged.iter().filter(|(_, verdict)| matches!(verdict, Verdict::Missed(_))).collect();
    if !missed.is_empty() {
        writeln!(page, "Behind, and why:\n")?;
        for (target, _) in missed {
            let reason = reasons.of(target.name).unwrap_or("nobody has looked into it yet");
            writeln!(page, "* {}: {reason}", target.name)?;
        }
        writeln!(page)?;
    }
    Ok(())
}

fn table(page: &mut String, book: &Book, measure: &str) -> std::fmt::Result {
    writeln!(
        page,
        "| case | system | median | least .. most | p50 / p99 / p99.9 us | fanfold is | runs |"
    )?;
    writeln!(page, "|---|---|---:|---:|---:|---:|---|")?;
    for case in book.cases(measure) {
        let entries = book.find(measure, case, "");
        let ours = entries.iter().find(|entry| entry.is_ours()).copied();
        for entry in entries {
            line(page, entry, ours)?;
        }
    }
    writeln!(page)
}

fn line(page: &mut String, entry: &Entry, ours: Option<&Entry>) -> std::fmt::Result {
    let latency = entry.latency().map_or_else(String::new, |times| times.map(number).join(" / "));
    let runs = match entry.disturbed {
        0 => entry.runs().to_string(),
        disturbed => format!("{}, {disturbed} disturbed", entry.runs()),
    };
    writeln!(
        page,
        "| {} | {} | {} {} | {} .. {} | {latency} | {} | {runs} |",
        entry.case,
        entry.system,
        number(entry.median()),
        entry.unit,
        number(entry.least()),
        number(entry.most()),
        ours.map_or_else(String::new, |ours| compared(entry, ours)),
    )
}

/// How many times better Fanfold is than this row; in bold where it is not.
fn compared(entry: &Entry, ours: &Entry) -> String {
    if entry.is_ours() || entry.unit != ours.unit {
        return String::new();
    }
    let (ours, theirs) = (ours.median(), entry.median());
    let times = if entry.less_is_better() { theirs / ours } else { ours / theirs };
    match times {
        times if !times.is_finite() => String::new(),
        1.0.. => format!("{times:.2} x"),
        _ => format!("**{times:.2} x**"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::book::tests::row;
    use super::*;

    #[test]
    fn losing_rows_are_shown_and_missed_targets_are_named() {
        let of = |system, value| row(1, ["pages", "1 connection", system, "pages/s"], value, 5.0);
        let mut disturbed = of("fanfold", 90.0);
        disturbed.disturbed = true;
        let book = Book::of(vec![of("echo", 100.0), disturbed, of("redis, Lua", 200.0)]);
        let plots = [("pages".to_owned(), "pages.svg".to_owned())];
        let page = page(&book, &plots, &Reasons::default());
        for expected in [
            "| 1 connection | redis, Lua | 200 pages/s | 200 .. 200 | 1.00 / 5.00 / 3.00 | **0.45 x** | 1 |",
            "| pages, 1 connection, beside the echo | 0.85 x | 0.90 x | reached |",
            "| pages, 1 connection, beside the peers | 1.00 x | 0.45 x | **behind** |",
            "* pages, 1 connection, beside the peers: nobody has looked into it yet",
            "| 1, 1 disturbed |",
            "![pages](plots/pages.svg)",
        ] {
            assert!(page.contains(expected), "{expected}\n{page}");
        }
    }
}
