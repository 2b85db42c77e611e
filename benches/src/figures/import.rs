//! `fanfold import` into a running daemon, as in the main job, without its comparison.

use serde_json::json;

use super::Bench;
use crate::console::grouped;
use crate::daemon::Launch;
use crate::exit::Outcome;
use crate::input::Input;
use crate::number::{rate, whole};
use crate::tool::Imported;

pub(super) fn measure(bench: &mut Bench<'_>) -> Outcome<()> {
    let input = Input::load(&bench.args.input, bench.workplace)?;
    let data = bench.workplace.join("import");
    let log = bench.workplace.join("daemon.log");
    let daemon = Launch::serve(&bench.programs.daemon, &data, log).start(0)?;
    let imported = Imported::run(&bench.programs, &daemon.url(), &input, bench.workplace)?;
    daemon.stop()?;
    for (name, lines) in [("graph", input.follows.len()), ("posts", input.posts.len())] {
        let rate = imported.rate(name).unwrap_or_default();
        let shown = format!("{:>9}/s, {} lines", grouped(whole(rate)), grouped(lines as u64));
        let value = json!({ "per_second": rate, "lines": lines });
        bench.report.row("import", &format!("fanfold import, {name}"), shown, value)?;
    }
    let lines = (input.follows.len() + input.posts.len()) as u64;
    let seconds = imported.time.as_secs_f64();
    let whole_rate = rate(lines, imported.time);
    let shown = format!("{:>9}/s, {seconds:.2} s in all", grouped(whole(whole_rate)));
    let value = json!({ "per_second": whole_rate, "seconds": seconds });
    bench.report.row("import", "fanfold import, both", shown, value)
}
