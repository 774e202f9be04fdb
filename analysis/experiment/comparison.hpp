#pragma once
// Several variants of a system against the first: every figure that both have, paired by replication. Two
// families are corrected by Holm's method, each for itself at the level of the confidence: the primary figure
// of all variants, which is what was asked, and all other figures of all variants, which is what else was
// seen. Intervals are those of one comparison alone; `finding` is what holds after the correction.
#include <string>
#include <vector>

#include "analysis/experiment/figures.hpp"
#include "analysis/stats/paired.hpp"

namespace tailrace::analysis {

struct ComparedVariant {
  std::string name;
  std::vector<RunFigure> figures;
  std::vector<ReplicationFigures> replications;  // same numbers in the same order for all variants
};

enum class Finding : std::uint8_t {
  unknown,      // too little data; the difference says why
  equal,        // the same in every replication
  untold,       // no difference can be told
  uncorrected,  // the interval alone leaves out 0, but among so many comparisons that may be luck
  different
};
const char* finding_name(Finding finding);

struct FigureComparison {
  RunFigure figure;         // as the baseline has it
  std::size_t variant = 1;  // in Comparison::variants
  bool primary = false;
  PairedComparison result;
  double p_adjusted = 1;
  Finding finding = Finding::unknown;
};

struct Comparison {
  std::vector<std::string> variants;  // the first is the baseline
  std::string primary;                // name of the figure
  double confidence = 0.95;
  int replications = 0;
  std::size_t primary_family = 0, other_family = 0;  // comparisons in each
  std::vector<FigureComparison> rows;                // by variant, in the order of the baseline's figures
  std::vector<std::string> notes;                    // figures that only one side has
};

Comparison compare_variants(const std::vector<ComparedVariant>& variants, const std::string& primary,
                            double confidence);

}  // namespace tailrace::analysis
