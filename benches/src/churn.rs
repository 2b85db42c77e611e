//! Settings of a daemon that are so small that all background work goes on all the time: flushes,
//! merges, erasing and packing.

use fanfold_engine::testing::seed::Random;

use crate::number::to_usize;

/// Draws such settings.
pub(crate) fn churn(random: &mut Random) -> Vec<String> {
    let mut draw = |choices: &[&str]| {
        let index = to_usize(random.below(choices.len() as u64));
        choices.get(index).map_or_else(String::new, |choice| (*choice).to_owned())
    };
    [
        ("--segment-bytes", draw(&["256K", "512K", "1M"])),
        ("--flush-records", draw(&["150", "500", "2000"])),
        ("--memory-budget", draw(&["256K", "4M", "64M"])),
        ("--erase-within", draw(&["200ms", "2s", "7d"])),
        ("--cold-after", draw(&["100ms", "1s", "30d"])),
    ]
    .into_iter()
    .flat_map(|(flag, value)| [flag.to_owned(), value])
    .collect()
}
