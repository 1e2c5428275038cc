//! Worlds of hours and days: what silence, a busy week and a trickle cost.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use sleepwalker_benches::corpus::{busy_week, finish, idle_week, trickle};
use sleepwalker_scenarios::{Options, catalogue, run};

fn weeks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("worlds");
    group.sample_size(10);
    let idle = idle_week();
    group.bench_function("idle week", |bencher| bencher.iter(|| finish(&idle)));
    for size in ["64 kB", "1 MB", "10 MB"] {
        let busy = busy_week(size);
        group.bench_function(BenchmarkId::new("busy week", size), |bencher| {
            bencher.iter(|| finish(&busy));
        });
    }
    let trickle = trickle();
    group.bench_function("trickle", |bencher| bencher.iter(|| finish(&trickle)));
    group.finish();
}

fn whole_catalogue(criterion: &mut Criterion) {
    let scenarios: Vec<_> =
        catalogue().iter().map(|entry| entry.load().expect("the catalogue loads")).collect();
    let mut group = criterion.benchmark_group("catalogue");
    group.sample_size(10);
    group.bench_function("all", |bencher| {
        bencher.iter(|| {
            for scenario in &scenarios {
                run(scenario, &Options::default()).expect("the profile is there");
            }
        });
    });
    group.finish();
}

criterion_group!(benches, weeks, whole_catalogue);
criterion_main!(benches);
