#include "analysis/report/junit.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/report/human.hpp"
#include "analysis/report/markup.hpp"

namespace tailrace::analysis {

namespace {

// XML 1.0 knows no control characters but these; other bytes of UTF-8 are taken as they are.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (const std::string_view entity = entity_of(c); !entity.empty())
      out += entity;
    else if (c == '\n')
      out += "&#10;";
    else
      out += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }
  return out;
}

JunitCase case_of(const ThresholdResult& t) {
  JunitCase c{"thresholds", t.metric + " " + t.expression, "", false, false};
  c.failed = t.verdict == ThresholdVerdict::fail;
  c.skipped = t.verdict == ThresholdVerdict::no_data;
  if (c.skipped) {
    c.text = "no data: " + t.note;
    return c;
  }
  const Interval& i = t.measured;
  c.text = fmt::format("measured {}, wanted {} {}", human_figure(i.estimate, t.unit, {}), t.op,
                       human_figure(t.limit, t.unit, {}));
  if (i.known) {
    c.text += fmt::format("; {:g} % interval {} to {} over {} replications or batches", 100 * i.confidence,
                          human_figure(i.low, t.unit, {}), human_figure(i.high, t.unit, {}), i.groups);
  }
  if (t.straddles) c.text += "; the interval covers the limit, so another seed may decide otherwise";
  if (!t.note.empty()) c.text += "; " + t.note;
  return c;
}

}  // namespace

std::string junit_xml(const RunResults& results, const std::vector<JunitCase>& further) {
  std::vector<JunitCase> cases;
  for (const ThresholdResult& t : results.thresholds) cases.push_back(case_of(t));
  cases.insert(cases.end(), further.begin(), further.end());
  const bool complete = results.report.status == models::RunStatus::completed;
  const auto count = [&](bool JunitCase::*what) {
    return std::count_if(cases.begin(), cases.end(), [&](const JunitCase& c) { return c.*what; });
  };
  const models::Topology& t = *results.model.topology;
  const std::string name = escaped(t.name.empty() ? "scenario" : t.name);
  const std::string totals =
      fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"", cases.size() + 1,
                  count(&JunitCase::failed), complete ? 0 : 1, count(&JunitCase::skipped));
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out +=
      fmt::format("<testsuites name=\"tailrace\" {}>\n  <testsuite name=\"{}\" {}>\n", totals, name, totals);
  out += fmt::format("    <properties>\n      <property name=\"seed\" value=\"{}\"/>\n", t.run.seed);
  out += fmt::format("      <property name=\"replications\" value=\"{}\"/>\n", results.report.replications);
  out += fmt::format("      <property name=\"fingerprint\" value=\"{:016x}\"/>\n    </properties>\n",
                     results.report.result_fingerprint);
  out += fmt::format("    <testcase classname=\"{}\" name=\"run\" time=\"{:.3f}\"", name,
                     results.report.measured_s);
  if (complete) {
    out += "/>\n";
  } else {
    const std::string why =
        escaped(fmt::format("{}: {}", models::status_name(results.report.status), results.report.message));
    out += fmt::format(">\n      <error message=\"{}\"/>\n    </testcase>\n", why);
  }
  for (const JunitCase& c : cases) {
    const std::string text = escaped(c.text);
    out += fmt::format("    <testcase classname=\"{}.{}\" name=\"{}\">\n", name, escaped(c.group),
                       escaped(c.name));
    if (c.failed) out += fmt::format("      <failure message=\"{}\">{}</failure>\n", text, text);
    if (c.skipped) out += fmt::format("      <skipped message=\"{}\"/>\n", text);
    out += fmt::format("      <system-out>{}</system-out>\n    </testcase>\n", text);
  }
  return out + "  </testsuite>\n</testsuites>\n";
}

}  // namespace tailrace::analysis
