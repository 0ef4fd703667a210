#pragma once
#include <string>
#include <vector>

#include "h5/file.hpp"
#include "results/run/pooled_differences.hpp"
#include "results/run/pooled_shares.hpp"

namespace medpfl {

/// What the complete points of a sweep say together.
struct SweepFindings {
  std::vector<PooledShare> shares;
  std::vector<PooledDifference> differences;
};

/// Returns the findings from the runs of a sweep. Throws FormatError on a run that cannot be read.
SweepFindings find_in_runs(const h5::File& sweep);

/// Writes /pooled and /differences of a sweep.h5.
void write_findings(h5::File* sweep, const SweepFindings& findings);

/// Returns the findings that the index has; of one without /pooled, such as that of a sweep at
/// work, those in the runs. An index before schema 1.2 has no differences. Throws FormatError as
/// find_in_runs() does.
SweepFindings sweep_findings(const h5::File& sweep);

/// Returns the findings as tables for a terminal; "" where there are none.
std::string describe_findings(const SweepFindings& findings);

}  // namespace medpfl
