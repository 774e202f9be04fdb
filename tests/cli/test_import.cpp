// `tailrace import` as a user runs it: exit codes and streams, and a system that comes back from its own
// traces.
#include <fmt/format.h>

#include <cmath>
#include <set>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

class Import : public Program {
 protected:
  static std::set<std::string> calls(const std::string& scenario) {
    const Finished checked = run_program({"check", scenario, "--format", "json"});
    EXPECT_EQ(checked.exit_code, 0) << checked.err << checked.out;
    std::set<std::string> out;
    collect(nlohmann::json::parse(checked.out), out);
    return out;
  }

 private:
  static void collect(const nlohmann::json& j, std::set<std::string>& out) {
    if (j.is_object() && j.contains("from") && j.contains("to") && j.contains("timeout_s"))
      out.insert(j["from"].get<std::string>() + " -> " + j["to"].get<std::string>());
    if (j.is_structured()) {
      for (const auto& item : j) collect(item, out);
    }
  }
};

constexpr const char* kCompose =
    "services:\n  web: {image: w, ports: ['80:80'], depends_on: [db]}\n  db: {image: mysql}\n";

TEST_F(Import, writes_the_scenario_to_stdout_and_what_it_assumed_to_stderr) {
  const Finished got = run_program({"import", "compose", file("c.yaml", kCompose)});
  EXPECT_EQ(got.exit_code, 0);
  EXPECT_EQ(got.out.rfind("# Made by `tailrace import compose`", 0), 0U) << got.out;
  EXPECT_NE(got.err.find("note: times are assumed"), std::string::npos) << got.err;
  EXPECT_EQ(run_program({"check", file("s.yaml", got.out)}).exit_code, 0);
  EXPECT_EQ(run_program({"import", "compose", path("c.yaml"), "--quiet"}).err, "");
}

TEST_F(Import, out_and_rate_are_taken) {
  const Finished got = run_program(
      {"import", "compose", file("c.yaml", kCompose), "--rate", "6000/min", "--out", path("s.yaml")});
  EXPECT_EQ(got.exit_code, 0) << got.err;
  EXPECT_EQ(got.out, "");
  EXPECT_NE(read(path("s.yaml")).find("constant_arrival_rate: 100/s"), std::string::npos);
}

TEST_F(Import, exit_codes_say_what_is_wrong) {
  const std::string c = file("c.yaml", kCompose);
  EXPECT_EQ(run_program({"import"}).exit_code, 2);
  EXPECT_EQ(run_program({"import", "xml", c}).exit_code, 2);
  EXPECT_EQ(run_program({"import", "compose", c, "--rate", "-3"}).exit_code, 2);
  EXPECT_EQ(run_program({"import", "compose", path("none.yaml")}).exit_code, 5);
  EXPECT_EQ(run_program({"import", "compose", folder_.string()}).exit_code, 5);
  EXPECT_EQ(run_program({"import", "compose", c, "--out", c + "/s.yaml"}).exit_code, 5);
  const Finished wrong = run_program({"import", "otlp", c});
  EXPECT_EQ(wrong.exit_code, 3);
  EXPECT_NE(wrong.err.find("c.yaml:1:1: not valid JSON"), std::string::npos) << wrong.err;
}

TEST_F(Import, our_own_traces_give_the_same_calls) {
  const std::string original = file("chain.yaml", R"(tailrace: 1
name: chain
run: {duration: 5s, replications: 1, seed: 1}
workloads: {load: {constant_arrival_rate: 50/s, calls: front.get}}
services:
  front:
    replicas: 2
    endpoints: {get: [compute: exp(4ms), call: cart.read, parallel: [[call: price.of], [call: stock.of]]]}
  cart: {endpoints: {read: [compute: exp(3ms), call: db.query]}}
  price: {endpoints: {of: [compute: exp(5ms)]}}
  stock: {endpoints: {of: [compute: exp(2ms)]}}
  db: {endpoints: {query: [compute: exp(1ms)]}}
network: {default: {latency: 500us}}
)");
  ASSERT_EQ(run_program({"run", original, "--trace-sample", "all", "--out", path("o"), "--quiet"}).exit_code,
            0);
  ASSERT_EQ(run_program({"import", "otlp", path("o/traces.json"), "--out", path("i.yaml")}).exit_code, 0);
  std::set<std::string> wanted;
  for (std::string call : calls(original))
    wanted.insert(call.rfind("load", 0) == 0 ? "clients" + call.substr(4) : call);
  EXPECT_EQ(wanted.size(), 5U);
  EXPECT_EQ(calls(path("i.yaml")), wanted);
  EXPECT_NE(read(path("i.yaml")).find("default: {latency: 500us}"), std::string::npos)
      << read(path("i.yaml"));
}

// Traces as instrumented services write them, client and server spans, of a chain with known times: front 4
// ms of its own, then a cart of 3 ms and a price of 5 ms at the same time, all exponential, 0.5 ms of network
// each way. The mean is 0.004 + 0.001 + E[max] = 0.004 + 0.001 + (3 + 5 - 15/8) ms = 11.125 ms.
TEST_F(Import, a_system_comes_back_from_its_traces) {
  std::uint64_t state = 12345;
  const auto uniform = [&] {  // of a linear congruential generator, (0, 1)
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (static_cast<double>(state >> 11U) + 0.5) / 9007199254740992.0;
  };
  const auto exponential = [&](double mean_ns) {
    return static_cast<std::int64_t>(-mean_ns * std::log(uniform()));
  };
  std::string lines;
  std::int64_t now = 0;
  double sum = 0;
  constexpr int kRequests = 20000;
  const auto span = [](int trace, const char* id, const char* parent, const char* name, int kind,
                       std::int64_t start, std::int64_t end) {
    return fmt::format(R"({{"traceId":"{}","spanId":"{}","parentSpanId":"{}","name":"{}","kind":{},)"
                       R"("startTimeUnixNano":"{}","endTimeUnixNano":"{}"}})",
                       trace, id, parent, name, kind, start, end);
  };
  const auto resource = [](const char* service, const std::string& spans) {
    return fmt::format(
        R"({{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"{}"}}}}]}},)"
        R"("scopeSpans":[{{"spans":[{}]}}]}})",
        service, spans);
  };
  for (int i = 0; i < kRequests; ++i) {
    now += exponential(20e6);  // 50/s
    constexpr std::int64_t kHop = 500'000;
    const std::int64_t called = now + exponential(4e6), cart = exponential(3e6), price = exponential(5e6);
    const std::int64_t cart_end = called + cart + 2 * kHop, price_end = called + price + 2 * kHop;
    const std::int64_t end = std::max(cart_end, price_end);
    sum += static_cast<double>(end - now);
    lines += "{\"resourceSpans\":[" +
             resource("front", span(i, "a", "", "GET /", 2, now, end) + "," +
                                   span(i, "b", "a", "to cart", 3, called, cart_end) + "," +
                                   span(i, "c", "a", "to price", 3, called, price_end)) +
             "," + resource("cart", span(i, "d", "b", "read", 2, called + kHop, called + kHop + cart)) + "," +
             resource("price", span(i, "e", "c", "of", 2, called + kHop, called + kHop + price)) + "]}\n";
  }
  ASSERT_EQ(run_program({"import", "otlp", file("t.json", lines), "--out", path("s.yaml")}).exit_code, 0);
  const std::set<std::string> wanted = {"clients -> front.GET", "front -> cart.read", "front -> price.of"};
  EXPECT_EQ(calls(path("s.yaml")), wanted);
  const Finished ran =
      run_program({"run", path("s.yaml"), "--quiet", "--out", path("o"), "--replications", "3"});
  ASSERT_EQ(ran.exit_code, 0) << ran.err;
  const nlohmann::json load = json_file(path("o/summary.json"))["workloads"][0];
  const double mean = load["duration_s"]["mean"]["estimate"].get<double>();
  EXPECT_NEAR(mean, sum / kRequests / 1e9, 0.03 * mean) << read(path("s.yaml"));
  EXPECT_NEAR(mean, 0.011125, 0.03 * mean);
  EXPECT_NEAR(load["arrival_rate_per_s"]["estimate"].get<double>(), 50, 2.5);
}

}  // namespace
}  // namespace tailrace::tests
