//! Each hot function by itself, in time; `fanfold-benches instructions` counts the same ones. They need no
//! daemon and no data.

use criterion::{Criterion, criterion_group, criterion_main};
use fanfold_benches::hot;

fn all(criterion: &mut Criterion) {
    for case in hot() {
        let mut operation = (case.prepare)();
        criterion.bench_function(case.name, |bencher| bencher.iter(&mut operation));
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
