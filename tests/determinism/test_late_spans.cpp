// Work that nobody waits for, in the traces of the requests that caused it.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

using models::TraceExample;
using models::TraceSpan;

std::vector<const TraceSpan*> of_kind(const TraceExample& example, TraceSpan::Kind kind) {
  std::vector<const TraceSpan*> list;
  for (const TraceSpan& s : example.spans) {
    if (s.kind == kind) list.push_back(&s);
  }
  return list;
}

// One request: it publishes at 4 (there at 5, confirmed at 6), works until 14, and its answer is there at 15.
// The message is handled from 5 to 37, by way of a call that takes 1 + 30 + 1 ms; the step beside it takes 50
// from 6 on. Both outlast the request.
const char* const kOrder = R"(
run: {duration: 1s}
workloads: {load: {trace: {times: [0ms]}, calls: orders.place}}
services:
  orders: {endpoints: {place: [compute: 3ms, {publish: mail.orders}, {background: [sleep: 50ms]}, compute: 8ms]}}
  mailer: {endpoints: {send: [compute: 30ms]}}
brokers: {mail: {publish_time: 0s, queues: {orders: {consumers: {calls: mailer.send}}}}}
network: {default: {latency: 1ms}}
)";

TEST(LateSpans, AMessageIsHandledInTheTraceOfWhoPublishedIt) {
  const models::RunRecord record = run_traced(compile_text(kOrder));
  ASSERT_EQ(record.traces->examples.size(), 1u);
  const TraceExample& e = record.traces->examples[0];
  const auto handled = of_kind(e, TraceSpan::Kind::process);
  ASSERT_EQ(handled.size(), 1u);
  const TraceSpan& handler = *handled[0];
  ASSERT_NE(handler.link, models::kNoSpan);
  const TraceSpan& published = e.spans[handler.link];
  EXPECT_EQ(published.kind, TraceSpan::Kind::attempt);
  EXPECT_EQ(published.start_ns, 4'000'000);
  EXPECT_EQ(handler.start_ns, 5'000'000);
  EXPECT_EQ(handler.end_ns, 37'000'000);
  EXPECT_EQ(e.spans[0].end_ns, 15'000'000);
  EXPECT_FALSE(handler.unfinished);
  EXPECT_FALSE(handler.critical);
  // What it called is its child, and takes all of its time.
  const auto index = static_cast<std::uint32_t>(handled[0] - e.spans.data());
  const auto child =
      std::find_if(e.spans.begin(), e.spans.end(), [&](const TraceSpan& s) { return s.parent == index; });
  ASSERT_NE(child, e.spans.end());
  EXPECT_EQ(child->end_ns - child->start_ns, 32'000'000);
}

TEST(LateSpans, AStepInTheBackgroundIsASpanToo) {
  const TraceExample e = run_traced(compile_text(kOrder)).traces->examples.at(0);
  const auto beside = of_kind(e, TraceSpan::Kind::background);
  ASSERT_EQ(beside.size(), 1u);
  EXPECT_EQ(beside[0]->start_ns, 6'000'000);
  EXPECT_EQ(beside[0]->end_ns, 56'000'000);
  ASSERT_EQ(beside[0]->segments, 1u);
  EXPECT_EQ(e.segments[beside[0]->first_segment].reason, models::Reason::sleep);
  std::int64_t sum = 0;  // of the request alone
  for (const models::TracePart& part : e.own_parts) sum += part.ns;
  EXPECT_EQ(sum, e.request.latency_ns);
}

// Handlers that begin before the request is over, twice as many messages, and messages that beget messages.
TEST(LateSpans, EveryHandlingOfAnExampleIsThereOnceUnderItsPublication) {
  const models::RunRecord record = run_traced(compile_text(R"(
run: {duration: 20s}
workloads: {load: {constant_arrival_rate: 5/s, calls: orders.place}}
services:
  orders: {endpoints: {place: [{publish: mail.orders}, compute: exp(20ms), {publish: mail.orders}]}}
brokers:
  mail:
    queues:
      orders: {consumers: {concurrency: 4, steps: [compute: exp(10ms), {publish: mail.bills}]}}
      bills: {consumers: {concurrency: 4, steps: [compute: exp(5ms)]}}
)"));
  int whole = 0;
  for (const TraceExample& e : record.traces->examples) {
    if (e.request.start_ns > 18'000'000'000) continue;  // the run is over before its messages are
    const auto handled = of_kind(e, TraceSpan::Kind::process);
    EXPECT_EQ(handled.size(), 4u) << e.request.number;
    ++whole;
    for (const TraceSpan* s : handled) {
      ASSERT_NE(s->link, models::kNoSpan);
      EXPECT_LE(e.spans[s->link].start_ns, s->start_ns);
    }
  }
  EXPECT_GT(whole, 2);
}

}  // namespace
}  // namespace tailrace::tests
