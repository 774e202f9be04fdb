#include "analysis/report/messaging_text.hpp"

#include <algorithm>

#include "analysis/report/summary_part.hpp"

namespace tailrace::analysis {

namespace {

using models::Fate;

using Fates = std::uint64_t[models::kFates];

std::uint64_t all(const Fates& counts) {
  std::uint64_t sum = 0;
  for (const std::uint64_t n : counts) sum += n;
  return sum;
}
// What became of most of them, in words.
std::string main_fate(const Fates& counts, Fate first) {
  const auto most = std::max_element(std::begin(counts) + static_cast<int>(first), std::end(counts));
  std::string text = models::fate_name(static_cast<Fate>(most - std::begin(counts)));
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

class Text : SummaryPart {
 public:
  Text(const MessagingReport& report, TextStyle style) : SummaryPart(style), report_(report) {}

  std::string text() {
    channels();
    groups();
    uneven();
    effects();
    sagas();
    milestones();
    return std::move(out_);
  }

 private:
  static constexpr std::size_t kWidth = 24;  // of a name: these tables are wide
  std::string name(std::string_view text) const { return shortened(text, kWidth, style_); }
  Cell share(const Interval& i, std::uint64_t count, Ink ink) const {
    if (count == 0) return {};
    const HumanScale scale = fraction_scale(i.estimate);
    const std::string spread = plus_minus(i, scale, style_);
    return {scale.text(i.estimate) + (spread.empty() ? "" : " " + spread), ink};
  }
  Cell percentile(const LatencyReport& l, std::size_t k) const {
    if (l.count == 0) return {};
    if (l.count < requests_needed(kPercentiles[k])) return {"n/a", Ink::dim};
    return human_duration(l.percentiles[k].estimate, style_);
  }
  Cell span(std::int64_t ns, Ink ink) const {
    return ns > 0 ? Cell(human_duration(sim::seconds_of(ns), style_), ink) : Cell();
  }

  void channels() {
    TextTable table(style_);
    table.left("channels").right("published").right("rate").right("refused").right("unrouted");
    table.right("repeated").right("never sent").right("batch").right("batches").right("batching");
    table.right("empty polls").right("late deletes").right("elections").right("rebalances");
    table.right("rebalancing").right("blocked");
    std::size_t rows = 0;
    for (const ChannelReport& c : report_.channels) {
      if (++rows > kMostRows) continue;
      table.row(
          {name(c.name), human_count(c.counts.published), human_rate(c.published.estimate),
           share(c.refused, c.counts.refused, Ink::bad), counted(c.counts.unrouted, Ink::warn),
           counted(c.counts.deduplicated), counted(c.unpublished, Ink::bad),
           c.batching ? Cell(human_number(c.batch_size.estimate)) : Cell(),
           c.batching ? Cell(human_rate(c.batches_per_s.estimate)) : Cell(),
           c.batching_time.count > 0 ? Cell(human_duration(c.batching_time.mean.estimate, style_)) : Cell(),
           counted(c.counts.empty_receives), counted(c.counts.late_deletes, Ink::warn),
           counted(c.counts.elections, Ink::warn), counted(c.counts.rebalances, Ink::warn),
           span(c.counts.rebalancing_ns, Ink::warn), span(c.counts.blocked_ns, Ink::warn)});
    }
    add(table, rows);
  }

  void groups() {
    const std::string times = style_.unicode ? "×" : "x";
    TextTable table(style_);
    table.left("consumers").right("handled").right("rate").right("again").right("each").right("end to end");
    table.right("p50").right("p99").right("lag").right("peak").right("at end");
    table.right("not handled").right("").left("mostly");
    std::size_t rows = 0;
    for (const ChannelReport& c : report_.channels) {
      for (const GroupReport& g : c.groups) {
        if (++rows > kMostRows) continue;
        const LatencyReport& l = g.end_to_end;
        const std::uint64_t unhandled = all(g.ended) - g.ended[static_cast<std::size_t>(Fate::consumed)];
        table.row(
            {name(g.name), g.handles ? Cell(human_count(g.handled)) : Cell("nobody", Ink::dim),
             g.handles ? Cell(human_rate(g.throughput.estimate)) : Cell(),
             g.redeliveries > 0 ? Cell(human_fraction(g.redelivered.estimate), Ink::warn) : Cell(),
             g.redeliveries > 0 ? Cell(times + human_number(g.per_message.estimate), Ink::warn) : Cell(),
             l.count > 0 ? Cell(human_duration(l.mean.estimate, style_)) : Cell(), percentile(l, 0),
             percentile(l, 4), human_number(g.lag.estimate), human_count(g.peak_lag),
             human_number(g.lag_at_end.estimate), counted(unhandled, Ink::bad),
             unhandled > 0
                 ? Cell(human_fraction(static_cast<double>(unhandled) / static_cast<double>(all(g.ended))),
                        Ink::bad)
                 : Cell(),
             unhandled > 0 ? Cell(main_fate(g.ended, Fate::expired), Ink::dim) : Cell()});
      }
    }
    add(table, rows);
  }

  void uneven() {
    TextTable table(style_);
    table.left("unevenly filled").left("fullest").right("kept there").right("in the others").right("peak");
    table.right("handled there").right("in each other");
    std::size_t rows = 0;
    for (const ChannelReport& c : report_.channels) {
      for (const UnevenReport& u : c.uneven) {
        if (++rows > kMostRows) continue;
        table.row({name(u.group), name(u.fullest), human_number(u.kept), human_number(u.rest),
                   human_count(u.peak), human_rate(u.throughput), human_rate(u.throughput_of_rest)});
      }
    }
    add(table, rows);
  }

  void effects() {
    TextTable table(style_);
    table.left("effects").right("came about").right("twice or more").right("").right("recognised");
    table.right("out of order").right("never").right("").left("mostly").right("pending");
    std::size_t rows = 0;
    for (const EffectReport& e : report_.effects) {
      const models::EffectRecord& c = e.counts;
      const bool silent = c.duplicates + c.skipped + c.out_of_order + e.missed_count == 0;
      if (((e.of_group || of_saga(e.name)) && silent) ||
          c.applied + e.missed_count + c.pending + c.skipped == 0)
        continue;
      if (++rows > kMostRows) continue;
      table.row({name(e.name), human_count(c.distinct), counted(c.duplicates, Ink::bad),
                 share(e.duplicates, c.duplicates, Ink::dim), counted(c.skipped),
                 counted(c.out_of_order, Ink::warn), counted(e.missed_count, Ink::bad),
                 share(e.missed, e.missed_count, Ink::dim),
                 e.missed_count > 0 ? Cell(main_fate(e.counts.missed, Fate::consumed), Ink::dim) : Cell(),
                 counted(c.pending)});
    }
    add(table, rows);
  }

  void sagas() {
    TextTable table(style_);
    table.left("sagas").right("started").right("completed").right("p50").right("p99").right("compensated");
    table.right("").right("p50").right("p99").right("timed out").right("steps timed out").right("came late");
    table.right("stuck").right("resumed").right("open").right("hanging");
    std::size_t rows = 0;
    for (const SagaReport& s : report_.sagas) {
      if (s.started + s.completed + s.compensated + s.open == 0 || ++rows > kMostRows) continue;
      table.row({name(s.name), human_count(s.started), human_count(s.completed), percentile(s.completing, 0),
                 percentile(s.completing, 4), counted(s.compensated, Ink::warn),
                 share(s.compensated_share, s.compensated, Ink::dim), percentile(s.compensating, 0),
                 percentile(s.compensating, 4), counted(s.timed_out, Ink::warn),
                 counted(s.step_timed_out, Ink::warn), counted(s.late, Ink::warn), counted(s.stuck, Ink::bad),
                 counted(s.resumed), counted(s.open), counted(s.hanging, Ink::bad)});
    }
    add(table, rows);
  }

  // What a saga's own table tells already.
  bool of_saga(const std::string& what) const {
    return std::any_of(report_.sagas.begin(), report_.sagas.end(), [&](const SagaReport& s) {
      return what.size() > s.name.size() && what[s.name.size()] == '.' && what.starts_with(s.name);
    });
  }

  void milestones() {
    TextTable table(style_);
    table.left("milestones")
        .right("count")
        .right("rate")
        .right("mean")
        .right("p50")
        .right("p95")
        .right("p99");
    std::size_t rows = 0;
    for (const MilestoneReport& m : report_.milestones) {
      if ((m.time.count == 0 && of_saga(m.name)) || ++rows > kMostRows) continue;
      table.row({name(m.name), human_count(m.time.count), human_rate(m.rate.estimate),
                 m.time.count > 0 ? Cell(human_duration(m.time.mean.estimate, style_)) : Cell(),
                 percentile(m.time, 0), percentile(m.time, 3), percentile(m.time, 4)});
    }
    add(table, rows);
  }

  const MessagingReport& report_;
};

}  // namespace

std::string messaging_text(const MessagingReport& report, TextStyle style) {
  return report.present ? Text(report, style).text() : std::string();
}

}  // namespace tailrace::analysis
