//! The stream over pages.
//!
//! The mock answers page by page and checks the cursor that each request carries.

use fanfold_client::{ErrorKind, PostId, TimelineQuery, UserId};
use fanfold_protocol::{Code, PageEnd, Request, Retry, Span};
use futures_util::StreamExt;

use crate::mock::{Mock, error, page, quick};

#[tokio::test]
async fn a_stream_pages_down_to_the_end_and_up_to_the_newest() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let stream = client.stream_home(TimelineQuery::of(UserId(7)).limit(2));
    let (pages, ()) = tokio::join!(stream.collect::<Vec<_>>(), async {
        let script = [
            (Span::Newest, page(&[9, 8], PageEnd::More)),
            (Span::Before(8), page(&[7], PageEnd::Bytes)),
            (Span::Before(7), page(&[5, 4], PageEnd::End)),
        ];
        for (expected, reply) in script {
            let asked = peer.asked().await;
            let Request::Home(home) = asked.request else { unreachable!("it pages a home") };
            assert_eq!((home.user, home.span, home.limit), (7, expected, 2));
            peer.answer(asked.id, reply).await;
        }
    });
    let ids: Vec<u64> =
        pages.into_iter().flat_map(|page| page.unwrap().posts).map(|post| post.id.0).collect();
    assert_eq!(ids, [9, 8, 7, 5, 4]);

    let upwards = client.stream_outbox(TimelineQuery::of(UserId(7)).after(PostId(3)));
    let (pages, ()) = tokio::join!(upwards.collect::<Vec<_>>(), async {
        let script = [
            (Span::After(3), page(&[5, 4], PageEnd::More)),
            (Span::After(5), page(&[9, 7], PageEnd::End)),
        ];
        for (expected, reply) in script {
            let asked = peer.asked().await;
            let Request::Outbox(outbox) = asked.request else { unreachable!("an outbox") };
            assert_eq!(outbox.span, expected);
            peer.answer(asked.id, reply).await;
        }
    });
    let ids: Vec<u64> =
        pages.into_iter().flat_map(|page| page.unwrap().posts).map(|post| post.id.0).collect();
    assert_eq!(ids, [5, 4, 9, 7]);
}

#[tokio::test]
async fn a_stream_ends_after_an_error() {
    let mock = Mock::start().await;
    let (client, mut peer) = mock.meet(quick()).await;
    let mut stream = client.stream_home(TimelineQuery::of(UserId(7)));
    let (first, ()) = tokio::join!(stream.next(), async {
        let asked = peer.asked().await;
        peer.answer(asked.id, error(Code::Limit, Retry::Never)).await;
    });
    assert_eq!(first.unwrap().unwrap_err().kind(), ErrorKind::Limit);
    assert!(stream.next().await.is_none());
}
