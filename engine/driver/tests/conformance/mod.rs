//! What the driver does, whatever it runs on. The bodies know neither sockets nor clocks nor disks: an arm
//! sets up a [`bench::World`] and runs a body in it. `tests/sockets.rs` beside this folder runs them all over
//! real sockets; the simulated world, on which the driver may not depend, includes this folder in its own
//! tests and runs them all there.

pub(crate) mod bench;
pub(crate) mod connection;
pub(crate) mod download;
pub(crate) mod order;
pub(crate) mod origin;
pub(crate) mod response;
pub(crate) mod upload;

/// Every body, once. Where `arm!(run)` stands, each becomes a test that `run` runs; a body that is not in
/// this table is dead code, which fails the lints.
macro_rules! arm {
    ($run:path) => {
        arm! { $run:
            download {
                two_requests_go_over_one_connection,
                a_range_continues_a_file_and_cuts_off_what_stood_behind,
                a_file_that_lacks_bytes_is_never_continued,
                chunks_stop_at_the_window_and_go_on_when_one_is_freed,
                the_body_is_not_read_before_the_order,
                a_small_unwanted_body_keeps_its_connection,
                a_large_unwanted_body_costs_its_connection,
            }
            response {
                a_body_cut_before_its_length_is_a_lost_connection,
                a_chunked_body_cut_before_its_end_is_a_lost_connection,
                a_malformed_chunk_cannot_be_parsed,
                a_response_that_is_not_http_cannot_be_parsed,
                a_connection_closed_instead_of_an_answer_is_lost,
                a_body_until_close_ends_and_its_connection_is_not_reusable,
                early_hints_and_continue_are_not_heads,
            }
            upload {
                an_upload_streams_in_bounded_memory_and_tells_what_was_carried,
                an_upload_without_bytes_says_so,
                a_body_file_that_is_too_short_fails_the_file,
                an_early_response_ends_without_its_request,
                a_request_that_cannot_be_written_fails,
            }
            connection {
                a_refused_connection_cannot_connect,
                an_unknown_name_cannot_be_found,
                an_idle_connection_that_the_origin_closes_is_told,
                connection_close_is_not_reusable,
                a_send_on_a_connection_that_has_gone_is_lost,
            }
            order {
                hold_stops_a_download_and_continue_completes_it,
                hold_stops_an_upload_and_continue_completes_it,
                cut_is_silent_in_every_phase,
                close_is_silent_while_connecting_and_when_idle,
                sync_settle_and_remove_are_answered,
            }
        }
    };
    ($run:path: $($theme:ident { $($body:ident,)* })*) => {
        $($(#[test]
        fn $body() {
            $run($crate::conformance::$theme::$body);
        })*)*
    };
}
pub(crate) use arm;
