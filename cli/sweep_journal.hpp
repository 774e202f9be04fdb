#pragma once
// The finished points of a sweep on disk: points.jsonl in the output folder, one line each, appended and
// flushed to the disk before a point counts as finished. A line says whose it is by the point's name, so a
// journal may hold points of other designs too. A last line without its end was torn by a crash and is cut
// off; lines that cannot be read are left alone and their points done again. Shards of one sweep have a
// journal each, and all journals of the folder are read.
#include <map>
#include <string>
#include <vector>

#include "scenarios/sweep/sweep.hpp"

namespace tailrace::cli {

// A point as a line, its end included, and back.
std::string journal_line(const std::string& name, const scenarios::PointRow& row);
bool parse_journal_line(const std::string& line, std::string& name, scenarios::PointRow& row);

class SweepJournal {
 public:
  SweepJournal() = default;
  ~SweepJournal();
  SweepJournal(const SweepJournal&) = delete;
  SweepJournal& operator=(const SweepJournal&) = delete;

  // Reads all journals of the folder. Each function returns "" or what is wrong.
  std::string read(const std::string& folder);
  // Opens one to append to, for this process alone.
  std::string open(const std::string& folder, const std::string& file);
  // The lines are on the disk when this returns.
  std::string append(const std::vector<std::pair<std::string, const scenarios::PointRow*>>& rows);

  const std::map<std::string, scenarios::PointRow>& rows() const { return rows_; }

 private:
  int fd_ = -1;
  std::string path_;
  std::map<std::string, scenarios::PointRow> rows_;  // by the points' names
};

}  // namespace tailrace::cli
