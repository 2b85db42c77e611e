//! What a feed product has beyond follow and post, once around: groups, reposts, responses, notices, read
//! marks, audiences, friends, broadcasts, edits, moderation, the change stream and forgetting.
//!
//! Needs a server at fanfold://127.0.0.1:7717. May be run again: everything about users 9001 to 9003.
#![expect(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;

use fanfold_client::{
    Audience, BroadcastsQuery, ChangesQuery, Client, Collapse, CommentsQuery, Feed, NewPost,
    NoticesQuery, PostId, TimelineQuery, UnreadQuery, UserId, Write, Written,
};

const ANN: UserId = UserId(9001);
const BEN: UserId = UserId(9002);
const CAT: UserId = UserId(9003);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::connect("fanfold://127.0.0.1:7717").await?;
    let post = publish(&client).await?;
    respond(&client, post).await?;
    read(&client).await?;
    broadcast(&client).await?;
    moderate(&client, post).await?;
    forget(&client).await?;
    client.close().await;
    Ok(())
}

/// Friends, a group, a mention, an audience, a revision.
async fn publish(client: &Client) -> Result<PostId, Box<dyn Error>> {
    client.write(Write::befriend(ANN, BEN)).await?;
    let close = client.group(ANN, "close");
    close.create().await?;
    close.add(BEN).await?;
    let told = Write::from(NewPost::new(ANN, "for the few")).audience(Audience::group("close"));
    client.write(told).await?;
    let written = client.write(Write::publish(ANN, "hello @9002").mentions([BEN])).await?;
    let post = id(&written)?;
    client.revise(post, 0, "hello, @9002").await?;
    Ok(post)
}

/// A reaction, a comment, a repost, a quote; whoever they are about is told.
async fn respond(client: &Client, post: PostId) -> Result<(), Box<dyn Error>> {
    client.react(BEN, post, 0).await?;
    let comment = id(&client.comment(BEN, post, "hello to you").await?)?;
    client.write(Write::comment(ANN, post, "and to all").answers(comment)).await?;
    client.repost(BEN, post).await?;
    client.quote(CAT, post, "look at this").await?;
    for comment in client.comments(CommentsQuery::of(post)).await?.comments {
        println!("{} says {}", comment.author, comment.text);
    }
    let notices = client.notices(NoticesQuery::of(ANN)).await?;
    println!("{} unread notices; the newest is a {:?}", notices.unread, notices.groups.first());
    client.read_notices(ANN, None).await?;
    Ok(())
}

/// A page with all that can come with it, and what is unread.
async fn read(client: &Client) -> Result<(), Box<dyn Error>> {
    client.follow(BEN, CAT).await?;
    let query = TimelineQuery::of(BEN).counts().originals().collapse(Collapse::default());
    let page = client.home(query).await?;
    for (post, counts) in page.posts.iter().zip(&page.counts) {
        println!("{}: {} with {} comments", post.author, post.text, counts.comments);
    }
    let newest = page.posts.first().map_or(PostId(0), |post| post.id);
    client.mark(BEN, &Feed::Home, 1, newest).await?;
    let unread = client.unread(UnreadQuery::of(BEN, Feed::Home)).await?;
    println!("{} unread above {}", unread.count, unread.mark);
    Ok(())
}

/// Live, and then a post.
async fn broadcast(client: &Client) -> Result<(), Box<dyn Error>> {
    // The id of a broadcast is the sequence of the write that began it.
    let live = client.write(Write::broadcast_start_new(ANN, "a show")).await?.position.sequence;
    let feed = client.broadcasts(BroadcastsQuery::of(BEN)).await?;
    println!("{} broadcasts, session {}", feed.broadcasts.len(), feed.session);
    let end = Write::broadcast_end(live).replay_text("the show, again");
    println!("the replay is {}", id(&client.write(end).await?)?);
    Ok(())
}

/// Hidden, and shown again; private, and public again.
async fn moderate(client: &Client, post: PostId) -> Result<(), Box<dyn Error>> {
    client.hide(post).await?;
    println!("to others: {}", client.post(post, Some(CAT)).await.is_err());
    client.unhide(post).await?;
    client.private(ANN, true).await?;
    println!("asked to follow: {}", client.follow(CAT, ANN).await?.requested);
    client.write(Write::approve(ANN, CAT)).await?;
    client.private(ANN, false).await?;
    Ok(())
}

/// A user goes, and whoever mirrors the database hears of it.
async fn forget(client: &Client) -> Result<(), Box<dyn Error>> {
    let before = client.forget(CAT).await?.position;
    while !client.forgotten(None).await?.users.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    for change in client.changes(ChangesQuery::all().after(before)).await?.changes {
        println!("{} {:?}", change.sequence, change.what);
    }
    Ok(())
}

fn id(written: &Written) -> Result<PostId, &'static str> {
    written.post.ok_or("the server named no post")
}
