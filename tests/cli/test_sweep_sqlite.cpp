// `tailrace sweep --sqlite`: what SQL says of a sweep is what its CSV says.
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

constexpr const char* kSmall = R"(tailrace: 1
name: small
run: {duration: 2s, replications: 3, seed: 1}
workloads: {load: {constant_arrival_rate: 80/s, calls: s.op}}
services: {s: {workers: 1, queue: {discipline: fifo}, endpoints: {op: [compute: exp(10ms)]}}}
)";

class SweepIntoSqlite : public Program {
 protected:
  void SetUp() override {
    s_ = file("s.yaml", kSmall);
    const Finished f =
        run_program({"sweep", s_, "--vary", "services.s.workers=1..2:2", "--sqlite", path("p.db")});
    if (f.exit_code == 2 && f.err.find("built without SQLite") != std::string::npos) GTEST_SKIP() << f.err;
    ASSERT_EQ(f.exit_code, 0) << f.err;
    if (!python_has("sqlite3")) GTEST_SKIP() << "python3 has no sqlite3";
  }
  // Rows as Python prints them.
  std::string ask(const std::string& file, const std::string& sql) {
    const std::string script = path("ask.py");
    this->file("ask.py",
               "import sqlite3, sys\nfor r in sqlite3.connect(sys.argv[1]).execute(sys.argv[2]): print(*r, "
               "sep='|')\n");
    EXPECT_EQ(std::system(("python3 " + script + " " + file + " '" + sql + "' > " + path("answer")).c_str()),
              0);
    return read(path("answer"));
  }
  std::string s_;
};

TEST_F(SweepIntoSqlite, HasThePointsAndFiguresOfTheCsv) {
  const Finished f =
      run_program({"sweep", s_, "--vary", "workloads.load.constant_arrival_rate=[40/s, 60/s, 80/s]", "--vary",
                   "services.s.workers=1..2:2", "--sqlite", path("p.db"), "--out", path("out"), "-q"});
  ASSERT_EQ(f.exit_code, 0) << f.err;
  const auto json = json_file(path("out/sweep.json"));
  std::string wanted;
  for (const auto& point : json["points"])
    wanted += fmt::format("{}|{}|{}|completed\n", point["point"].get<int>(),
                          point["values"][0].get<std::string>(), point["values"][1].get<std::string>());
  EXPECT_EQ(ask(path("p.db"),
                "SELECT point, \"workloads.load.constant_arrival_rate\", \"services.s.workers\", status "
                "FROM points ORDER BY point"),
            wanted);
  // Numbers are numbers: 2 workers are more than 1.5.
  EXPECT_EQ(ask(path("p.db"), "SELECT count(*) FROM points WHERE \"services.s.workers\" > 1.5"), "3\n");
  EXPECT_EQ(ask(path("p.db"), "SELECT planned, complete, scenario FROM sweep"), "6|1|small\n");
  std::size_t figures = 0;
  for (const auto& point : json["points"]) figures += point["figures"].size();
  EXPECT_EQ(ask(path("p.db"), "SELECT count(*) FROM figures"), std::to_string(figures) + "\n");
  const double value = std::stod(
      ask(path("p.db"),
          "SELECT estimate FROM figures WHERE figure = \"load.request_duration avg\" AND point = 4"));
  EXPECT_EQ(value, json["points"][3]["figures"]["load.request_duration avg"]["estimate"].get<double>());
  EXPECT_FALSE(std::filesystem::exists(path("p.db.new")));
}

TEST_F(SweepIntoSqlite, ReplacesWhatWasThereAndKeepsBadPoints) {
  const Finished f = run_program({"sweep", s_, "--vary", "services.s.queue.discipline=[fifo, \"o'hara\"]",
                                  "--sqlite", path("p.db"), "-q"});
  EXPECT_EQ(f.exit_code, 0) << f.err;
  EXPECT_EQ(ask(path("p.db"), "SELECT point, status FROM points"), "1|completed\n2|wrong\n");
}

TEST_F(SweepIntoSqlite, SaysWhatItCannotDo) {
  const std::vector<std::string> sweep = {"sweep", s_, "--vary", "services.s.workers=1..2:2", "-q"};
  const auto code = [&](std::vector<std::string> more) {
    more.insert(more.begin(), sweep.begin(), sweep.end());
    return run_program(more).exit_code;
  };
  EXPECT_EQ(code({"--sqlite", path("")}), 2);
  EXPECT_EQ(code({"--sqlite", path("s.yaml/p.db")}), 5);
  EXPECT_EQ(code({"--sqlite", path("q.db"), "--shard", "1/2", "--out", path("out")}), 2);
  EXPECT_EQ(code({"--out", path("out"), "--shard", "1/2"}), 0);
  EXPECT_EQ(code({"--out", path("out"), "--shard", "2/2"}), 0);
  EXPECT_EQ(code({"--out", path("out"), "--merge", "--sqlite", path("q.db")}), 0);
  EXPECT_EQ(ask(path("q.db"), "SELECT count(*) FROM points"), "2\n");
}

}  // namespace
}  // namespace tailrace::tests
