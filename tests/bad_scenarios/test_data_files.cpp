// Scenarios that name data files: traces of arrivals and measured distributions, each with a fault in some
// row.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/bad_scenarios/diagnose.hpp"
#include "tests/support/temporary_folder.hpp"

namespace tailrace::tests {
namespace {

namespace fs = std::filesystem;

// A folder of its own with one file, times.csv.
class DataFiles : public testing::Test {
 protected:
  // The first error's words, without place and quotation; the file is "times.csv" with these bytes.
  std::string first_words(const std::string& bytes, const std::string& scenario) {
    std::ofstream(folder_.file("times.csv"), std::ios::binary) << bytes;
    const std::string all = diagnose(scenario, folder_.path().string());
    const auto at = all.find("error: ");
    return at == std::string::npos ? all : all.substr(at + 7, all.find('\n', at) - at - 7);
  }
  std::string trace(const std::string& bytes, const std::string& fields = "file: times.csv") {
    return first_words(bytes, "workloads: {load: {trace: {" + fields +
                                  "}, calls: s.op}}\nservices: {s: {endpoints: {op: [compute: 1ms]}}}\n");
  }
  std::string measured(const std::string& bytes, const std::string& arguments = "times.csv, unit=ms") {
    return first_words(bytes,
                       "workloads: {load: {constant_arrival_rate: 1/s, calls: s.op}}\n"
                       "services: {s: {endpoints: {op: [compute: \"empirical(" +
                           arguments + ")\"]}}}\n");
  }

  TemporaryFolder folder_;
};

constexpr const char* kTrace = "workloads.load.trace.file: times.csv: ";

TEST_F(DataFiles, good_ones_get_no_words) {
  EXPECT_EQ(trace("time\n0\n1.5\n1.5\n2e3\n"), "");
  EXPECT_EQ(trace("\xEF\xBB\xBFid,time\r\n7,0\r\n8,1\r\n", "file: times.csv, column: time, unit: ms"), "");
  EXPECT_EQ(measured("1\n2\n3\n"), "");
}

// Also where only its shape is used: the file lies beside the scenario, wherever the program runs.
TEST_F(DataFiles, a_measured_spacing_lies_beside_the_scenario) {
  const auto spacing = [&](const std::string& file) {
    return first_words("1\n2\n3\n",
                       "workloads: {load: {constant_arrival_rate: 1/s, spacing: \"empirical(" + file +
                           ")\", calls: s.op}}\nservices: {s: {endpoints: {op: [compute: 1ms]}}}\n");
  };
  EXPECT_EQ(spacing("times.csv"), "");
  EXPECT_EQ(spacing("other.csv"), "workloads.load.spacing: data file \"other.csv\": there is no such file");
}

TEST_F(DataFiles, a_trace_with_a_fault_names_the_row) {
  EXPECT_EQ(trace("0\n2\n1\n"), kTrace + std::string("row 3: time goes backwards"));
  EXPECT_EQ(trace("0\nNaN\n"), kTrace + std::string("row 2: expected a time, found \"NaN\""));
  EXPECT_EQ(trace("nan\n1\n"), kTrace + std::string("row 1: expected a time, found \"nan\""));
  EXPECT_EQ(trace("0\n-1\n"), kTrace + std::string("row 2: the time is negative"));
  EXPECT_EQ(trace("0\n1e300\n"), kTrace + std::string("row 2: the time exceeds 292 years"));
  EXPECT_EQ(trace("0\n1s\n"), kTrace + std::string("row 2: expected a time, found \"1s\""));
  EXPECT_EQ(trace("0s\n1s\n"), kTrace + std::string("row 1: expected a time, found \"0s\""));
  EXPECT_EQ(trace("a,b\n1,2\n3\n", "file: times.csv, column: b"),
            kTrace + std::string("row 3: expected a time, found \"\""));
  EXPECT_EQ(trace("a,b\n1,2\n", "file: times.csv, column: c"),
            kTrace + std::string("row 1 has no column \"c\""));
  EXPECT_EQ(trace("0,1\n0,2\n"), kTrace + std::string("row 1: expected one time, found \"0,1\""));
  EXPECT_EQ(trace("time\n0,1\n"), kTrace + std::string("row 2: expected one time, found \"0,1\""));
  EXPECT_EQ(trace("id,time\n1,0,1\n", "file: times.csv, column: time"),
            kTrace + std::string("row 2: expected 2 cells, as the header has, found \"1,0,1\""));
  EXPECT_EQ(trace("time\n"), kTrace + std::string("has no arrival times"));
  EXPECT_EQ(trace(""), kTrace + std::string("has no arrival times"));
  EXPECT_EQ(trace("0\n" + std::string(100'000, '1') + "\n"),
            kTrace + std::string("row 2 is longer than 65536 characters"));
}

TEST_F(DataFiles, a_trace_that_cannot_be_read_says_why) {
  EXPECT_EQ(trace("0\n", "file: other.csv"), "workloads.load.trace.file: other.csv: there is no such file");
  EXPECT_EQ(trace("0\n", "file: ../times.csv"),
            "workloads.load.trace.file: ../times.csv: the file leaves the scenario's folder");
  EXPECT_EQ(trace("0\n", "file: /etc/passwd"),
            "workloads.load.trace.file: /etc/passwd: the file leaves the scenario's folder");
  EXPECT_EQ(trace("0\n", "file: ."), "workloads.load.trace.file: .: this is not a regular file");
  EXPECT_EQ(trace("0\n", "file: times.csv, unit: weeks"),
            "workloads.load.trace.unit: \"weeks\" is no unit of time");
  // "1" and "00ms" are 100 ms together: a number in place of a unit would be read as the end of each number.
  EXPECT_EQ(trace("0\n", "file: times.csv, unit: 00ms"),
            "workloads.load.trace.unit: \"00ms\" is no unit of time");
  EXPECT_EQ(trace("0\n", "file: times.csv, times: [0s]"),
            "workloads.load.trace: both file and times are given");
}

TEST_F(DataFiles, a_symbolic_link_out_of_the_folder_is_refused) {
  fs::create_symlink("/etc/passwd", folder_.path() / "inside.csv");
  EXPECT_EQ(trace("0\n", "file: inside.csv"),
            "workloads.load.trace.file: inside.csv: the file leaves the scenario's folder");
}

TEST_F(DataFiles, a_measured_distribution_with_a_fault_names_the_row) {
  const std::string where = "services.s.endpoints.op[0].compute: data file \"times.csv\": ";
  EXPECT_EQ(measured(""), where + "holds no values");
  EXPECT_EQ(measured("1\nNaN\n"), where + "row 2: expected a number: the number must be finite, found NaN");
  EXPECT_EQ(measured("1\n-2\n"), where + "row 2: -2ms is out of range: a duration is from 0 to 292 years");
  EXPECT_EQ(measured("1\n2,5\n"), where + "row 2: expected one value, found \"2,5\"");
  EXPECT_EQ(measured("1\n2\n", "times.csv"),
            where + "row 1: expected a duration, found 1, which has no unit");
  EXPECT_EQ(measured("1\n2\n", "times.csv, unit=100us"), where + "unit=100us: expected a unit alone");
  EXPECT_EQ(measured("1\n", "missing.csv, unit=ms"),
            "services.s.endpoints.op[0].compute: data file \"missing.csv\": there is no such file");
}

}  // namespace
}  // namespace tailrace::tests
