#include "cli/sqlite_file.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>

#ifdef TAILRACE_SQLITE
#include <sqlite3.h>
#endif

namespace tailrace::cli {

#ifdef TAILRACE_SQLITE

namespace {

// A database that is being written; the first failure stays and makes what follows do nothing.
class Database {
 public:
  explicit Database(const std::string& file) {
    check(sqlite3_open_v2(file.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr));
  }
  ~Database() { sqlite3_close(db_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  bool good() const { return error_.empty(); }
  const std::string& error() const { return error_; }
  void run(const std::string& sql) {
    if (good()) check(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr));
  }
  void check(int code) {
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW || !good()) return;
    error_ = db_ != nullptr ? sqlite3_errmsg(db_) : "no memory";
  }
  sqlite3* handle() { return db_; }

 private:
  sqlite3* db_ = nullptr;
  std::string error_;
};

// Rows for one table.
class Insert {
 public:
  Insert(Database& db, const std::string& table, std::size_t columns) : db_(db) {
    std::string sql = "INSERT INTO " + table + " VALUES (";
    for (std::size_t k = 0; k < columns; ++k) sql += k == 0 ? "?" : ",?";
    if (db.good()) db.check(sqlite3_prepare_v2(db.handle(), (sql + ")").c_str(), -1, &statement_, nullptr));
  }
  ~Insert() { sqlite3_finalize(statement_); }
  Insert(const Insert&) = delete;
  Insert& operator=(const Insert&) = delete;

  Insert& text(const std::string& value) {
    ++column_;
    if (db_.good())
      db_.check(sqlite3_bind_text(statement_, column_, value.data(), static_cast<int>(value.size()),
                                  SQLITE_TRANSIENT));
    return *this;
  }
  Insert& whole(std::int64_t value) {
    ++column_;
    if (db_.good()) db_.check(sqlite3_bind_int64(statement_, column_, value));
    return *this;
  }
  Insert& number(double value) {  // SQLite makes NULL of NaN by itself; infinities are kept
    ++column_;
    if (db_.good()) db_.check(sqlite3_bind_double(statement_, column_, value));
    return *this;
  }
  void row() {
    if (db_.good()) db_.check(sqlite3_step(statement_));
    if (db_.good()) db_.check(sqlite3_reset(statement_));
    column_ = 0;
  }

 private:
  Database& db_;
  sqlite3_stmt* statement_ = nullptr;
  int column_ = 0;
};

std::string quoted(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

void fill(Database& db, const scenarios::SweepResults& results, const std::string& program_version) {
  db.run("PRAGMA journal_mode = OFF");  // the file is not in its place before it is whole
  db.run("BEGIN");
  db.run("CREATE TABLE sweep (scenario TEXT, about TEXT, version TEXT, planned INTEGER, complete INTEGER)");
  std::string paths;
  for (const std::string& path : results.design.paths) paths += quoted(path) + " NUMERIC, ";
  db.run("CREATE TABLE points (point INTEGER PRIMARY KEY, " + paths +
         "status TEXT, message TEXT, replications INTEGER, thresholds INTEGER, thresholds_failed INTEGER)");
  db.run(
      "CREATE TABLE figures (point INTEGER REFERENCES points (point), figure TEXT, unit TEXT, estimate REAL, "
      "low REAL, high REAL, PRIMARY KEY (figure, point)) WITHOUT ROWID");
  Insert(db, "sweep", 5)
      .text(results.scenario)
      .text(results.about)
      .text(program_version)
      .whole(static_cast<std::int64_t>(results.rows.size()))
      .whole(results.complete())
      .row();
  Insert points(db, "points", 6 + results.design.paths.size()), figures(db, "figures", 6);
  for (std::size_t p = 0; p < results.rows.size(); ++p) {
    if (!results.rows[p]) continue;
    const scenarios::PointRow& row = *results.rows[p];
    const auto point = static_cast<std::int64_t>(p + 1);
    points.whole(point);
    for (const std::string& value : results.design.points[p]) points.text(value);
    points.text(row.status).text(row.message).whole(row.replications);
    points.whole(row.thresholds).whole(row.thresholds_failed).row();
    for (const scenarios::PointRow::Cell& cell : row.figures)
      figures.whole(point)
          .text(cell.figure)
          .text(cell.unit)
          .number(cell.value)
          .number(cell.low)
          .number(cell.high)
          .row();
  }
  db.run("COMMIT");
}

}  // namespace

bool has_sqlite() {
  return true;
}

std::string write_sqlite(const std::string& file, const scenarios::SweepResults& results,
                         const std::string& program_version) {
  std::error_code nothing;
  const auto there = std::filesystem::status(file, nothing);
  if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there))
    return fmt::format("{} cannot be written: it is no file", file);
  const std::string beside = file + ".new";
  std::remove(beside.c_str());
  std::string error;
  {
    Database db(beside);
    fill(db, results, program_version);
    error = db.error();
  }
  std::error_code code;
  if (error.empty()) std::filesystem::rename(beside, file, code);
  if (code) error = code.message();
  if (error.empty()) return "";
  std::remove(beside.c_str());
  return fmt::format("{} cannot be written: {}", file, error);
}

#else

bool has_sqlite() {
  return false;
}

std::string write_sqlite(const std::string&, const scenarios::SweepResults&, const std::string&) {
  return "this program was built without SQLite";
}

#endif

}  // namespace tailrace::cli
