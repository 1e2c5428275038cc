//! Downloads a URL to a file; killed and started again, it goes on.

use sleepwalker_engine::get::Get;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(output)) = (arguments.next(), arguments.next()) else {
        return Err("usage: get URL FILE".into());
    };
    let get = Get::new(url.parse()?, output);
    let done = get.run(|progress| eprintln!("{progress:?}")).await?;
    println!("{done:?}");
    Ok(())
}
