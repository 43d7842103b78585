import { DiagLogLevel, diag } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  NodeTracerProvider,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';
import type { Logger } from 'pino';
import { seldom } from '../seldom.ts';

export interface TracingSettings {
  /** The collector's base address; traces go to `/v1/traces` there. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  /** Of the requests that come without a trace, the share that is recorded, from 0 to 1. */
  readonly share: number;
}

export interface TracingParts {
  readonly settings: TracingSettings;
  readonly version: string;
  readonly log: Logger;
}

const exportMs = 3_000;

/** Has spans recorded and sent, in JSON over HTTP; whoever imports this file loads the whole SDK. */
export function startTracing({ settings, version, log }: TracingParts): { close(): Promise<void> } {
  tellFaults(log);
  const exporter = new OTLPTraceExporter({
    url: `${settings.endpoint}/v1/traces`,
    headers: settings.headers,
    timeoutMillis: exportMs,
  });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({
      'service.name': settings.serviceName,
      'service.version': version,
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(settings.share) }),
    spanProcessors: [new BatchSpanProcessor(exporter, { exportTimeoutMillis: exportMs })],
  });
  provider.register();
  return {
    /** A collector that is away delays the end of the process, and no more than that. */
    close: () => provider.shutdown().catch((err: unknown) => log.warn({ err }, unsent)),
  };
}

const unsent = 'traces could not be sent';

/** The SDK tells its faults here alone; a collector that stays away is no news. */
function tellFaults(log: Logger): void {
  const isNews = seldom();
  const tell = (reason: string) => {
    if (isNews('fault')) log.warn({ reason: reason.slice(0, 500) }, unsent);
  };
  const ignore = () => undefined;
  diag.setLogger(
    { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
