#pragma once
// Student's t: the incomplete beta function and the t quantile, for intervals from a handful of replications.
// Degrees of freedom need not be whole (Welch's are not). Plain IEEE arithmetic over sim/base/math.hpp: the
// same bits everywhere. Accuracy: t_quantile to 1e-10 of the value for 1e-9 < p < 1 - 1e-9.

namespace tailrace::analysis {

// I_x(a, b), the regularised incomplete beta function; a, b > 0, 0 <= x <= 1.
double incomplete_beta(double a, double b, double x);

double t_cdf(double t, double degrees_of_freedom);
double t_quantile(double p, double degrees_of_freedom);  // 0 < p < 1, degrees of freedom >= 1

// The p-value, two-sided, of "the true value is 0" by an estimate and its standard error; without an error an
// estimate that is not 0 is certain.
double two_sided_p(double estimate, double standard_error, double degrees_of_freedom);

// The half width of a two-sided interval in standard errors: t_quantile((1 + confidence) / 2, dof).
double t_critical(double confidence, double degrees_of_freedom);

}  // namespace tailrace::analysis
