/* SPDX-License-Identifier: Apache-2.0 */
/* ksm-hook nri --profile: ksmd runs as long as the agent does. */
#ifndef KSM_NRI_KSMD_H
#define KSM_NRI_KSMD_H

/* Start ksmd with the settings of this profile, or say why that is left alone. */
void nri_ksmd_take(const char *profile);

/* Put back what nri_ksmd_take() has set. */
void nri_ksmd_give_back(void);

/* NULL, or what is not as it was configured: for a probe. */
const char *nri_ksmd_wrong(void);

#endif
