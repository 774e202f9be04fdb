// report.html and report.md, as the program writes them.
#include <fmt/format.h>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

// Every tag that is opened is closed, in order; "" or what is wrong. Attributes are quoted in what we write.
std::string badly_nested(const std::string& page) {
  std::vector<std::string> open;
  for (std::size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
    if (page[at + 1] == '!') continue;
    const std::size_t end = page.find('>', at);
    if (end == std::string::npos) return "a tag without an end";
    const bool closing = page[at + 1] == '/';
    const std::size_t from = at + (closing ? 2 : 1);
    const std::string name = page.substr(from, page.find_first_of(" />", from) - from);
    if (count_of(page.substr(at, end - at), "\"") % 2 != 0) return "an attribute in <" + name;
    if (closing) {
      if (open.empty() || open.back() != name) return "</" + name + "> closes nothing";
      open.pop_back();
    } else if (page[end - 1] != '/' && name != "meta") {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : open.back() + " is never closed";
}

constexpr const char* kShop = R"(tailrace: 1
name: a shop
run: {duration: 40s, warmup: 5s, replications: 3, seed: 1}
workloads:
  buyers: {constant_arrival_rate: 40/s, calls: front.op, retries: {attempts: 1, per_try_timeout: 300ms}}
  robots: {constant_arrival_rate: 5/s, calls: front.op}
services:
  front: {workers: 8, endpoints: {op: [compute: exp(2ms), call: back.op]}}
  back: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}
faults:
  - {name: standstill, type: pause, target: back, start: 15s, duration: 5s}
thresholds: {buyers.request_failed: rate < 90%}
)";

TEST_F(Program, TheReportNamesEverybodyAndNeedsNothingFromOutside) {
  ASSERT_EQ(run_program({"run", file("shop.yaml", kShop), "--out", path("out"), "-q"}).exit_code, 0);
  const std::string page = read(path("out/report.html"));
  EXPECT_EQ(badly_nested(page), "");
  for (const char* name : {"buyers", "robots", "front", "back", "standstill"})
    EXPECT_GE(count_of(page, name), 2u) << name;
  EXPECT_NE(page.find("the threshold passed"), std::string::npos);
  EXPECT_NE(page.find("<rect class=\"band fault\""), std::string::npos);
  EXPECT_EQ(count_of(page, "<path class=\"line p99\""), 2u);  // one plot per workload
  for (const char* outside : {"<script", "http:", "https:", "src=", "href=", "@import"})
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  const std::string text = read(path("out/report.md"));
  for (const char* part : {"### a shop: ✓", "| buyers |", "| robots |", "rate &lt; 90%", "What followed: "})
    EXPECT_NE(text.find(part), std::string::npos) << part;
}

TEST_F(Program, TheReportIsTheSameBytesForAnyNumberOfJobs) {
  const std::string shop = file("shop.yaml", kShop);
  for (const char* jobs : {"1", "2"}) run_program({"run", shop, "--jobs", jobs, "--out", path(jobs), "-q"});
  expect_same("1", "2", {"report.html", "report.md"});
}

// What a scenario's author writes is shown, never obeyed.
TEST_F(Program, HostileTextIsEscaped) {
  const std::string shop = file("q.yaml", R"(tailrace: 1
name: "</title><script>alert(1)</script>"
about: "<img src=x onerror=\"alert(2)\"> & 'more' @everyone [a](b) | `c`"
run: {duration: 5s, replications: 2}
workloads: {load: {constant_arrival_rate: 20/s, calls: s.op}}
services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}
faults: [{name: "<b onclick=x>", type: pause, target: s, start: 1s, duration: 1s}]
)");
  run_program({"run", shop, "--out", path("out"), "-q"});
  const std::string page = read(path("out/report.html"));
  ASSERT_FALSE(page.empty());
  EXPECT_EQ(badly_nested(page), "");
  for (const char* tag : {"<script", "<img", "<b "}) EXPECT_EQ(page.find(tag), std::string::npos) << tag;
  EXPECT_NE(page.find("&lt;img src=x onerror=&quot;alert(2)&quot;&gt; &amp; &#39;more&#39;"),
            std::string::npos);
  EXPECT_NE(page.find("&lt;b onclick=x&gt;"), std::string::npos);
  EXPECT_NE(page.find("<title>&lt;/title&gt;&lt;script"), std::string::npos);
  const std::string text = read(path("out/report.md"));
  EXPECT_NE(text.find("&lt;script&gt;"), std::string::npos);
  EXPECT_EQ(text.find("<script"), std::string::npos);
}

TEST_F(Program, TheReportOfAThousandServicesIsCutAndSaysSo) {
  std::string yaml =
      "tailrace: 1\nrun: {duration: 2s, replications: 2}\n"
      "workloads: {load: {constant_arrival_rate: 20/s, calls: s0.op}}\nservices:\n";
  for (int i = 0; i < 1000; ++i) {
    yaml += fmt::format("  s{}: {{workers: 2, endpoints: {{op: [compute: exp(1ms)", i);
    for (int k = 1; k <= 3 && 3 * i + k < 1000; ++k) yaml += fmt::format(", call: s{}.op", 3 * i + k);
    yaml += "]}}\n";
  }
  run_program({"run", file("big.yaml", yaml), "--out", path("out"), "-q"});
  const std::string page = read(path("out/report.html"));
  EXPECT_EQ(badly_nested(page), "");
  EXPECT_GT(page.size(), 100'000u);
  EXPECT_LT(page.size(), 2'000'000u);
  EXPECT_NE(page.find("800 more are in summary.json"), std::string::npos);
  EXPECT_NE(page.find("941 more are not"), std::string::npos);  // 1000 and a workload; 60 boxes
}

TEST_F(Program, TheReportSaysWhatTheCommandLineChanged) {
  run_program({"run", file("shop.yaml", kShop), "--set", "services.back.workers=3", "--seed", "7", "--out",
               path("out"), "-q"});
  const std::string page = read(path("out/report.html"));
  EXPECT_NE(page.find("<code>services.back.workers=3</code> <code>run.seed=7</code>"), std::string::npos);
  EXPECT_NE(page.find("<summary>shop.yaml</summary>"), std::string::npos);
  EXPECT_EQ(page.find(folder_.string()), std::string::npos);  // where it was run is nobody's business
}

}  // namespace
}  // namespace tailrace::tests
