import type { Outcome, ReasonCode, Verdict } from '@behavry/contracts';

/** What is counted about an exchange; every label is from a closed list. */
export interface ExchangeMetrics {
  decided(event: { readonly verdict: Verdict; readonly reasonCode: ReasonCode }): void;
  settled(event: { readonly outcome: Outcome; readonly milliseconds: number }): void;
  rejected(event: { readonly reasonCode: ReasonCode | 'unauthenticated' }): void;
}
