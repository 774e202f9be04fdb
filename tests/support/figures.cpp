#include "tests/support/figures.hpp"

#include <fmt/format.h>

namespace tailrace::tests {

namespace {

class Text {
 public:
  void line(const std::string& name) { out_ += "\n" + name; }
  void add(double x) { out_ += fmt::format(" {}", x); }
  void add(std::uint64_t x) { out_ += fmt::format(" {}", x); }
  void add(const analysis::Interval& i) {
    add(i.estimate);
    if (i.known) add(i.low), add(i.high);
  }
  void add(const models::OutcomeCounts& counts) {
    for (const std::uint64_t n : counts) add(n);
  }
  void add(const analysis::LatencyReport& l) {
    add(l.count), add(l.mean), add(l.stddev), add(l.min), add(l.max), add(l.histogram.content_hash());
    for (const analysis::Interval& p : l.percentiles) add(p);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace

std::string figures(const analysis::RunReport& r) {
  Text t;
  t.line("run");
  t.add(static_cast<std::uint64_t>(r.status)), t.add(r.measured_s), t.add(r.events);
  t.add(r.trajectory_fingerprint), t.add(r.result_fingerprint);
  for (const analysis::ClassReport& c : r.classes) {
    t.line("class " + c.workload + "." + c.name);
    t.add(c.arrived), t.add(c.in_flight_start), t.add(c.in_flight_end), t.add(c.ended);
    t.add(c.arrival_rate), t.add(c.throughput), t.add(c.goodput), t.add(c.failed);
    t.add(c.duration), t.add(c.success_duration), t.add(c.failure_duration);
  }
  for (const analysis::OperationReport& o : r.operations) {
    t.line("operation " + o.name);
    t.add(o.arrived), t.add(o.ended), t.add(o.throughput), t.add(o.response);
  }
  for (const analysis::StationReport& s : r.stations) {
    t.line("station " + s.name);
    t.add(s.utilization), t.add(s.busy), t.add(s.cpu_utilization), t.add(s.queue_length), t.add(s.throughput);
    t.add(s.wait_mean), t.add(s.wait_mean_all), t.add(s.wait_probability), t.add(s.service_mean),
        t.add(s.residence_mean);
    for (const double w : s.wait_percentiles) t.add(w);
    t.add(s.served), t.add(s.waited), t.add(s.rejected), t.add(s.abandoned),
        t.add(std::uint64_t{s.peak_queue});
    t.add(s.min_instance_utilization), t.add(s.max_instance_utilization);
  }
  for (const analysis::EdgeReport& e : r.edges) {
    t.line("edge " + e.from + " " + e.to);
    t.add(e.calls), t.add(e.attempts), t.add(e.attempt_ended), t.add(e.ended), t.add(e.attempts_per_call),
        t.add(e.duration);
  }
  for (const analysis::LinkReport& l : r.links) {
    t.line("link " + l.name);
    t.add(l.messages), t.add(l.transmissions), t.add(l.lost), t.add(l.delayed), t.add(l.bytes_per_s),
        t.add(l.utilization);
  }
  for (const analysis::ChannelReport& c : r.messaging.channels) {
    t.line("channel " + c.name);
    t.add(c.counts.published), t.add(c.counts.refused), t.add(c.counts.unrouted),
        t.add(c.counts.deduplicated), t.add(c.unpublished), t.add(c.published), t.add(c.refused),
        t.add(c.batch_size), t.add(c.batching_time), t.add(std::uint64_t{c.events.size()});
    for (const analysis::PlaceReport& p : c.places) {
      t.line("place " + p.name);
      t.add(p.counts.accepted), t.add(p.counts.total_ended()), t.add(p.counts.ready),
          t.add(p.counts.in_flight), t.add(p.counts.peak), t.add(p.depth);
    }
    for (const analysis::GroupReport& g : c.groups) {
      t.line("group " + g.name);
      t.add(g.deliveries), t.add(g.redeliveries), t.add(g.handled), t.add(g.peak_lag), t.add(g.redelivered),
          t.add(g.dead_lettered), t.add(g.throughput), t.add(g.end_to_end), t.add(g.wait), t.add(g.lag),
          t.add(g.lag_at_end);
    }
  }
  for (const analysis::EffectReport& e : r.messaging.effects) {
    t.line("effect " + e.name);
    t.add(e.counts.applied), t.add(e.counts.distinct), t.add(e.counts.duplicates), t.add(e.counts.skipped),
        t.add(e.counts.out_of_order), t.add(e.missed_count), t.add(e.counts.pending), t.add(e.duplicates),
        t.add(e.missed);
  }
  for (const analysis::MilestoneReport& m : r.messaging.milestones) {
    t.line("milestone " + m.name);
    t.add(m.rate), t.add(m.time);
  }
  return t.take();
}

}  // namespace tailrace::tests
