//! Follows, mutes and blocks, and looks at what stands between two users after each step.
//!
//! Needs a server at fanfold://127.0.0.1:7717.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use fanfold_client::{Client, ErrorKind, UserId};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::connect("fanfold://127.0.0.1:7717").await?;
    let (reader, author) = (UserId(7), UserId(9));
    let again = client.follow(reader, author).await?;
    println!("followed; anything new: {}", again.changed);
    client.mute(reader, author).await?;
    println!("{:?}", client.relation(reader, author, None).await?);
    client.unmute(reader, author).await?;

    // A block ends the follows both ways and refuses new ones.
    client.block(author, reader).await?;
    match client.follow(reader, author).await {
        Err(error) if error.kind() == ErrorKind::Conflict => println!("refused: {error}"),
        other => println!("unexpected: {other:?}"),
    }
    client.unblock(author, reader).await?;
    client.close().await;
    Ok(())
}
