//! Bytes a second through driver, files and world, beside bare hyper on bare turmoil.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sleepwalker_benches::{
    bare,
    corpus::{bulk, finish},
};

const MEGABYTES: u64 = 256;

fn throughput(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("bytes");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(MEGABYTES * 1_000_000));
    group.bench_function("bare", |bencher| bencher.iter(|| bare::download(MEGABYTES * 1_000_000)));
    let bulk = bulk(MEGABYTES);
    group.bench_function("whole stack", |bencher| bencher.iter(|| finish(&bulk)));
    group.finish();
}

criterion_group!(benches, throughput);
criterion_main!(benches);
