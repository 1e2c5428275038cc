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
pub(crate) mod security;
pub(crate) mod upload;

/// Every body, once. Where `arm!(crate::run)` stands, each becomes two tests that `run` runs, one without
/// TLS and one with it; the bodies about TLS itself name what they need. A body that is not in this table is
/// dead code, which fails the lints.
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
                two_lengths_that_differ_cannot_be_parsed,
                a_change_of_protocol_that_nobody_asked_for_is_a_bad_response,
                a_head_of_48_kib_is_read,
                a_head_of_256_kib_cannot_be_parsed,
                a_head_of_1024_fields_is_read,
                a_head_of_1025_fields_cannot_be_parsed,
                a_connection_closed_instead_of_an_answer_is_lost,
                a_head_that_ends_in_the_middle_is_a_lost_connection,
                a_body_until_close_ends_and_its_connection_is_not_reusable,
                a_body_until_a_half_close_ends,
                early_hints_and_continue_are_not_heads,
                trailers_are_no_part_of_a_chunked_body,
                chunks_go_before_a_length,
                a_body_of_length_zero_ends,
                no_content_has_no_body,
                not_modified_has_no_body,
                the_answer_to_head_has_no_body,
                the_old_http_closes_unless_it_says_otherwise,
                the_old_http_keeps_a_connection_if_it_says_so,
                connection_close_is_not_reusable,
                what_follows_a_response_costs_its_connection,
                an_unwanted_body_without_an_end_costs_its_connection,
            }
            upload {
                an_upload_streams_in_bounded_memory_and_tells_what_was_carried,
                an_upload_without_bytes_says_so,
                a_body_file_that_is_too_short_fails_the_file,
                an_early_response_ends_without_its_request,
                an_early_refusal_with_a_half_close_is_told,
                an_upload_whose_origin_half_closes_without_an_answer_is_lost,
                the_length_of_a_body_is_told_and_of_no_body_nothing,
                a_request_that_cannot_be_written_fails,
            }
            connection {
                a_refused_connection_cannot_connect,
                an_unknown_name_cannot_be_found,
                an_idle_connection_that_the_origin_closes_is_told,
                an_idle_connection_that_closes_as_it_is_reused_is_lost,
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
        arm! { $run: security
            an_unknown_authority_is_not_trusted with UNKNOWN,
            a_certificate_for_another_host_is_not_trusted with OTHER,
            an_expired_certificate_has_a_bad_date with EXPIRED,
            a_certificate_of_tomorrow_is_not_valid_yet with EARLY,
            an_origin_without_tls_has_no_secure_connection with ONE_SIDED,
            a_body_until_close_that_tls_did_not_close_is_lost with TLS,
            a_record_that_cannot_be_decrypted_is_a_lost_connection with BROKEN,
        }
    };
    ($run:path: $($theme:ident { $($body:ident,)* })*) => {
        mod plain {
            $($(#[test]
            fn $body() {
                $run($crate::conformance::security::PLAIN, $crate::conformance::$theme::$body);
            })*)*
        }
        mod tls {
            $($(#[test]
            fn $body() {
                $run($crate::conformance::security::TLS, $crate::conformance::$theme::$body);
            })*)*
        }
    };
    ($run:path: security $($body:ident with $security:ident,)*) => {
        mod security {
            use $crate::conformance::security;
            $(#[test]
            fn $body() {
                $run(security::$security, security::$body);
            })*
        }
    };
}
pub(crate) use arm;
