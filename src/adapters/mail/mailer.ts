/** A plain-text mail to one person. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Hands a mail over; resolves when somebody else is responsible for it. */
export interface Mailer {
  /** Throws `MailFault`. */
  send(mail: Mail): Promise<void>;
}

/** The mail was not taken; `retryable` says whether it may be later. */
export class MailFault extends Error {
  readonly retryable: boolean;

  constructor(message: string, options: ErrorOptions & { readonly retryable: boolean }) {
    super(message, options);
    this.name = 'MailFault';
    this.retryable = options.retryable;
  }
}
