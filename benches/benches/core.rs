//! Inputs a second in the core alone, and what a task costs in a crowd of a thousand to a million.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sleepwalker_benches::crowd::downloads;

fn crowds(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("core/task");
    group.sample_size(10);
    for tasks in [1000_u32, 10_000, 100_000, 1_000_000] {
        let cost = downloads(tasks);
        let each = u64::from(tasks);
        println!(
            "core/task/{tasks}: {} inputs and {} operations a task",
            cost.inputs / each,
            cost.operations / each
        );
        group.throughput(Throughput::Elements(u64::from(tasks)));
        group.bench_function(BenchmarkId::from_parameter(tasks), |bencher| {
            bencher.iter(|| downloads(tasks));
        });
    }
    group.finish();
}

fn inputs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("core/inputs");
    group.throughput(Throughput::Elements(downloads(1000).inputs));
    group.bench_function("a thousand downloads", |bencher| bencher.iter(|| downloads(1000)));
    group.finish();
}

criterion_group!(benches, inputs, crowds);
criterion_main!(benches);
