// Flow control inside a stream, to the nanosecond.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

// Messages cost nothing; the way takes 20 ms, the server 5 ms. A set-up takes a round trip of 40.
std::string streams(const std::string& times, const std::string& sizes, const std::string& windows,
                    const std::string& more = "", const std::string& link = "") {
  return fmt::format(
      "workloads: {{load: {{trace: {{times: [{}]}}, steps: [{{call: s.op, {}, transport: {{protocol: grpc, "
      "encode: {{}}, decode: {{}}, header_size: 0B, flow_control: {{{}}}{}}}}}]}}}}\n"
      "services: {{s: {{endpoints: {{op: [sleep: 5ms]}}}}}}\n"
      "network: {{default: {{latency: 20ms{}}}}}\n",
      times, sizes, windows, more, link);
}

// N bytes through windows of W: ceil(N / W) bursts, a round trip apart; the last one is there at
// 40 + (ceil(N / W) - 1) 40 + 20. In the long run W per round trip.
struct Stream {
  int kib, window_kib;
  double there_ms;
};
class FlowControl : public testing::TestWithParam<Stream> {};

TEST_P(FlowControl, LetsAWindowPerRoundTripThrough) {
  const Stream& c = GetParam();
  const std::string windows = fmt::format("stream_window: {}KiB, connection_window: 1GiB", c.window_kib);
  Trace there(streams("0s", fmt::format("request_size: {}KiB", c.kib), windows));
  there.reached("s.op", {c.there_ms});
  there.requests("load", {{c.there_ms + 25, success}});
  there.is_quiet();
  Trace back(streams("0s", fmt::format("response_size: {}KiB", c.kib), windows));
  back.reached("s.op", {60});
  back.requests("load", {{c.there_ms + 25, success}});
}

INSTANTIATE_TEST_SUITE_P(Windows, FlowControl,
                         testing::Values(Stream{64, 64, 60}, Stream{65, 64, 100}, Stream{256, 64, 180},
                                         Stream{256, 128, 100}, Stream{256, 1024, 60},
                                         Stream{6400, 64, 40 + 99 * 40 + 20}));

// A hundred messages of 4 KiB: 400 KiB, seven windows of 64.
TEST(FlowControl, CountsAllMessagesOfAStream) {
  Trace t(streams("0s", "request_size: 4KiB", "stream_window: 64KiB, connection_window: 1MiB",
                  ", messages: {sent: 100}"));
  t.reached("s.op", {40 + 6 * 40 + 20});
}

// Two calls of 128 KiB over a connection with a window of 64. The first has it for itself when it begins;
// then both have half, until the first is done: 64 + 32 + 32, and 0 + 32 + 32 + 64. Four windows, four round
// trips.
TEST(FlowControl, SharesTheWindowOfAConnection) {
  Trace t(streams("0s, 0s", "request_size: 128KiB", "stream_window: 64KiB, connection_window: 64KiB"));
  t.reached("s.op", {40 + 2 * 40 + 20, 40 + 3 * 40 + 20});
  t.is_quiet();
}

// 1 byte/us. Where the window holds more than a round trip's bytes (40,000) the link is never idle; where it
// holds less, a window of 16,384 goes out whenever the first packet of the last is acknowledged: every 41.46
// ms.
TEST(FlowControl, SlowsAWideLinkAndNotANarrowOne) {
  const std::string link = ", bandwidth: 8Mbit/s";
  Trace wide(
      streams("0s", "request_size: 256KiB", "stream_window: 64KiB, connection_window: 1MiB", "", link));
  wide.reached("s.op", {40 + 262.144 + 20});
  Trace narrow(
      streams("0s", "request_size: 256KiB", "stream_window: 16KiB, connection_window: 1MiB", "", link));
  narrow.reached("s.op", {40 + 15 * 41.46 + 16.384 + 20});
}

// It takes a KiB out of its buffer in 1 ms: a window of 64 every 64 ms, though a round trip takes 40.
TEST(FlowControl, ASlowReaderHoldsItsSenderUp) {
  Trace t(streams("0s", "request_size: 256KiB",
                  "stream_window: 64KiB, connection_window: 1MiB, consume_per_kib: 1ms"));
  t.reached("s.op", {40 + 3 * 64 + 20});
}

// Given up at 100 ms, in the middle of its ten windows; the next finds the connection's window as it was.
TEST(FlowControl, ACallThatIsGivenUpLeavesNothingBehind) {
  Trace t(streams("0s, 1s", "request_size: 640KiB, timeout: 100ms",
                  "stream_window: 64KiB, connection_window: 64KiB"));
  t.requests("load", {{100, timeout}, {1100, timeout}});
  t.is_quiet();
}

}  // namespace
}  // namespace tailrace::tests
