//! The answers of large groups, which another thread gives.

use super::*;

#[test]
fn the_answers_of_a_large_group_come_in_order_and_before_those_of_the_next_one() {
    let place = Place::new();
    let (heard, hear) = channel();
    let turn = place.turn();
    let waiting: Vec<_> = (0..100)
        .map(|n| {
            let heard = heard.clone();
            queued_then(place.writer().submit(add(n)), move || heard.send(n).unwrap())
        })
        .collect();
    drop(turn);
    while place.store.statistics().waiting > 0 {
        thread::yield_now();
    }
    // A group of one, whose answer the thread of the writer would give at once.
    assert_eq!(block_on(place.writer().submit(add(100))).unwrap(), 100);
    assert_eq!(hear.try_iter().collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
    for (n, write) in (0..).zip(waiting) {
        assert_eq!(block_on(write).unwrap(), n);
    }
    assert_eq!(place.counted(), (3, 102));
}

#[test]
fn a_panic_of_what_wakes_a_caller_of_a_large_group_harms_nobody_else() {
    let place = Place::new();
    let turn = place.turn();
    let panicking = (0..20).map(|n| queued_then(place.writer().submit(add(n)), || panic!("this is a test")));
    let waiting: Vec<_> = panicking.collect();
    drop(turn);
    for (n, write) in (0..).zip(waiting) {
        assert_eq!(block_on(write).unwrap(), n);
    }
    assert_eq!(block_on(place.writer().submit(add(20))).unwrap(), 20, "the threads live");
    assert_eq!(place.seen().len(), 21);
}

#[test]
fn the_last_handle_may_go_with_an_answer_of_a_large_group() {
    let Place { directory, store } = Place::new();
    let (gone, heard) = channel();
    let last = Mutex::new(Some(store.clone()));
    let turn = store.writer().counter.turn().unwrap();
    let mut answers = Vec::new();
    for n in 0..20 {
        let (answer, answered) = oneshot::channel();
        let job = Waiting { job: Box::new(Write::new(add(n), answer)), since: Instant::now() };
        assert!(!store.writer().counter.desk().queue(job).unwrap());
        answers.push(answered);
    }
    let then = move || {
        drop(last.lock().unwrap().take());
        gone.send(thread::current().name().map(str::to_owned)).unwrap();
    };
    let waker = Waker::from(Arc::new(Then(then)));
    assert!(Pin::new(&mut answers[10]).poll(&mut Context::from_waker(&waker)).is_pending());
    drop(turn);
    // Whichever goes last: this one, or the one that goes with the answer.
    drop(store);
    assert_eq!(heard.recv().unwrap().as_deref(), Some("regrant-answer"));
    for (n, answer) in (0..).zip(answers) {
        assert_eq!(block_on(answer).unwrap().unwrap(), n);
    }
    assert_eq!(seen(&directory.path().join("grants.db")), (0..20).collect::<Vec<_>>());
}
