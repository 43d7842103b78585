import type { Log } from '../adapters/eventstore/log.ts';
import type { Once } from '../adapters/eventstore/once.ts';
import type { Runners } from '../adapters/eventstore/runners.ts';
import type { WalletHistory } from '../adapters/eventstore/wallet-history.ts';
import type { Mailer } from '../adapters/mail/mailer.ts';
import type { PriceCatalogue } from '../adapters/prices/price-catalogue.ts';
import type { Vault } from '../adapters/vault/vault.ts';
import type { OperatorSettings } from '../domain/settings/events.ts';
import { mostApiKeys } from '../domain/settings/events.ts';
import type { BudgetParts } from './admin-budgets.ts';
import { endBudget, getBudget, listBudgets, putBudget } from './admin-budgets.ts';
import { explainEveryCall, listEveryCall } from './admin-calls.ts';
import { listConfigChanges } from './admin-changes.ts';
import type { ClientAppView } from './admin-client-apps.ts';
import { getClientApp, listClientApps, putClientApp } from './admin-client-apps.ts';
import { correctUsage } from './admin-corrections.ts';
import { payDebt } from './admin-debts.ts';
import { freezeWallet, unfreezeWallet } from './admin-freeze.ts';
import { grantCredit } from './admin-grants.ts';
import { listLimits, putLimit } from './admin-limits.ts';
import type { ModelView } from './admin-listed-models.ts';
import { getModel, listModels, withdrawModel } from './admin-listed-models.ts';
import { deleteMemberPlan, joinClientApp, putMemberPlan } from './admin-member-plan.ts';
import { putMemberStatus } from './admin-member-status.ts';
import { getMember, listEveryMember } from './admin-members.ts';
import { importModels } from './admin-model-import.ts';
import { putModel } from './admin-models.ts';
import type { ProjectionParts } from './admin-projections.ts';
import { listProjections } from './admin-projections.ts';
import type { RebuildOrderParts } from './admin-rebuilds.ts';
import { rebuildProjection, skipEvent } from './admin-rebuilds.ts';
import { revokeCredit } from './admin-revocations.ts';
import type { RouteTestParts } from './admin-route-test.ts';
import { testRoute } from './admin-route-test.ts';
import type { RouteView } from './admin-routes.ts';
import { getRoute, listRoutes, putRoute, removeRoute } from './admin-routes.ts';
import { getSettings, putSettings } from './admin-settings.ts';
import type { UpstreamParts, UpstreamView } from './admin-upstreams.ts';
import { getUpstream, listUpstreams, putUpstream, removeUpstream } from './admin-upstreams.ts';
import { adminWallet } from './admin-wallet.ts';
import type { CountInput } from './anthropic-messages.ts';
import { countTokens, messages } from './anthropic-messages.ts';
import type { Access } from './auth.ts';
import { explainMyCall, listMyCalls } from './calls.ts';
import { chatCompletions } from './chat-completions.ts';
import type { React } from './command-context.ts';
import { completions } from './completions.ts';
import { createApiKey, keyIssuer } from './create-api-key.ts';
import type { HashEmail } from './email-address.ts';
import { embeddings } from './embeddings.ts';
import type { FirstAdmin } from './first-admin.ts';
import { health } from './health.ts';
import { imageEdits } from './image-edits.ts';
import { imageGenerations } from './image-generations.ts';
import type { Limits } from './limits.ts';
import { listMemberApiKeys, listMyApiKeys } from './list-api-keys.ts';
import type { ModelCallParts } from './model-call.ts';
import type { ModelsParts } from './models.ts';
import { model, models } from './models.ts';
import { moderations } from './moderations.ts';
import { sessionOpener } from './open-session.ts';
import { openApiDocument } from './openapi-document.ts';
import type { PasswordCheck } from './passwords.ts';
import { permitApiKey } from './permit-api-key.ts';
import { profile, profileReader } from './profile.ts';
import type { Reads } from './reads.ts';
import type { Readiness } from './ready.ts';
import { ready } from './ready.ts';
import { responses } from './responses.ts';
import { revokeApiKey } from './revoke-api-key.ts';
import type { Route } from './route.ts';
import type { SessionTokens } from './session-tokens.ts';
import { setup, setupForm, setupPage } from './setup.ts';
import { signin } from './signin.ts';
import { signout } from './signout.ts';
import type { SignupParts } from './signup.ts';
import { signup } from './signup.ts';
import { speech } from './speech.ts';
import { transcriptions, translations } from './transcriptions.ts';
import { usage } from './usage.ts';
import { userProfile } from './user-profile.ts';
import { verifyEmail, verifyEmailForm, verifyEmailPage } from './verify-email.ts';
import { wallet } from './wallet.ts';
import { walletOrders } from './wallet-orders.ts';
import { adminWalletStatement, walletStatement } from './wallet-statement.ts';

/** What the endpoints call. */
export interface RouteParts {
  readonly run: Runners;
  readonly head: Log['head'];
  readonly reads: Reads;
  /** All of a wallet's events. */
  readonly history: WalletHistory;
  readonly access: Access;
  readonly vault: Vault;
  readonly mailer: Mailer;
  readonly tokens: SessionTokens;
  readonly hashEmail: HashEmail;
  readonly isPassword: PasswordCheck;
  readonly limits: Limits;
  readonly react: React;
  /** What the operator has decided, as this process knows it. */
  readonly settings: () => OperatorSettings;
  readonly once: Once;
  readonly appoint: FirstAdmin['appoint'];
  readonly chat: ModelCallParts & { readonly countInput: CountInput };
  readonly models: ModelsParts;
  /** Prices, terms and routes as this process knows them. */
  readonly catalogue: ModelView & RouteView & ClientAppView;
  /** What providers charge, for initial prices. */
  readonly priceCatalogue: PriceCatalogue;
  /** What a route may name, and how it fares. */
  readonly upstreamView: UpstreamView;
  readonly upstreams: Pick<UpstreamParts, 'keys' | 'usualBaseUrl' | 'allowsLinkLocal'>;
  readonly previewRoute: RouteTestParts['preview'];
  readonly budgets: BudgetParts['budgets'];
  readonly projections: ProjectionParts['projections'];
  readonly behind: ProjectionParts['behind'];
  readonly failing: ProjectionParts['failing'];
  readonly buildOrders: RebuildOrderParts['orders'];
  readonly readiness: () => Readiness | Promise<Readiness>;
  readonly metrics: Route;
  readonly publicUrl: () => string;
  readonly version: string;
  readonly clock: () => Date;
  readonly log: SignupParts['log'];
}

/** The table of contents: every endpoint there is. */
export function routes(parts: RouteParts): readonly Route[] {
  const { access, clock, head, limits, react, reads, run, vault } = parts;
  const seal = vault.seal;
  const most = () => mostApiKeys(parts.settings());
  const issueKey = keyIssuer({ run: run.member.run, react, most, clock });
  const openSession = sessionOpener({
    run: run.member.run,
    issue: parts.tokens.issue,
    seal,
    clock,
  });
  const profileOf = profileReader(access, vault.unseal);
  const forSignup = {
    ...parts,
    ...vault,
    run: run.email.run,
    send: parts.mailer.send,
    limits: { byIp: limits.signups, byEmail: limits.mails },
  };
  const forVerify = { ...parts, run: run.email.run, limit: limits.codes };
  const forSignin = {
    ...parts,
    loadEmail: run.email.load,
    loadMember: run.member.load,
    unseal: vault.unseal,
    limits: limits.guesses,
    openSession,
  };
  const forSetup = { ...parts, openSession, issueKey, limit: limits.guesses.byIp };

  const all: readonly Route[] = [
    signup(forSignup),
    verifyEmail(forVerify),
    verifyEmailPage(),
    verifyEmailForm(forVerify),
    signin(forSignin),
    signout({ run: run.member.run, clock }),
    setup(forSetup),
    setupPage(),
    setupForm(forSetup),
    profile(profileOf),

    createApiKey(issueKey, reads),
    listMyApiKeys(reads),
    permitApiKey({ run: run.apiKey.run, reads, clock }),
    revokeApiKey({ run: run.apiKey.run, react, reads, clock }),

    wallet({ load: run.wallet.load, head, clock }),
    walletStatement(parts),
    listMyCalls(reads),
    explainMyCall(reads),
    usage({ reads, profileOf, clock }),

    ...operatorRoutes(parts),

    ...modelRoutes(parts),
    userProfile(profileOf),

    health(),
    ready(parts.readiness),
    parts.metrics,
    openApiDocument(() => all, parts.version),
  ];
  return all;
}

/** What asks a model, or for the models. */
const modelRoutes = ({ chat, models: list }: RouteParts): readonly Route[] => [
  chatCompletions(chat),
  completions(chat),
  embeddings(chat),
  moderations(chat),
  imageGenerations(chat),
  imageEdits(chat),
  speech(chat),
  transcriptions(chat),
  translations(chat),
  messages(chat),
  responses(chat),
  countTokens(chat.countInput, chat),
  models(list),
  model(list),
];

/** What only administrators may do. */
function operatorRoutes(parts: RouteParts): readonly Route[] {
  const { access, catalogue, clock, reads, run, vault, upstreamView: view } = parts;
  const forMembers = { run: run.member.run, clock };
  const order = walletOrders({ ...parts, wallet: run.wallet });
  const forBudgets = { ...parts, budget: run.budget };
  const forBuilds = { ...parts, run: run.readModel.run, orders: parts.buildOrders };
  return [
    listEveryMember(reads, vault.unseal),
    getMember(reads, vault.unseal),
    listMemberApiKeys(reads),
    putMemberStatus(forMembers),
    putMemberPlan(forMembers),
    deleteMemberPlan(forMembers),
    joinClientApp(forMembers),
    listClientApps(catalogue),
    getClientApp(catalogue),
    putClientApp({ run: run.clientApp.run, clock }),
    getSettings(run),
    putSettings({ ...parts.models, settings: run.settings, clock }),
    listEveryCall(reads),
    explainEveryCall(reads),
    grantCredit({ order, loadMember: run.member.load }),
    adminWallet({ ...parts, wallet: run.wallet }),
    adminWalletStatement(parts),
    revokeCredit(order),
    correctUsage({ ...parts, order, wallet: run.wallet }),
    listLimits({ ...parts, wallet: run.wallet }),
    putLimit({ ...parts, order }),
    freezeWallet(order),
    unfreezeWallet(order),
    payDebt(order),
    listModels(catalogue),
    getModel(catalogue),
    withdrawModel({ priceList: run.priceList, clock }),
    putModel({ run: run.priceList.run, changeAlias: run.alias.run, clock }),
    importModels({
      ...{ priceList: run.priceList, alias: run.alias, catalogue: parts.priceCatalogue, clock },
    }),
    listRoutes(catalogue),
    getRoute(catalogue),
    removeRoute({ route: run.route, clock }),
    putRoute({ run: run.route.run, upstreams: () => view.known().map(({ id }) => id), clock }),
    putUpstream({ ...parts.upstreams, run: run.upstream, view, clock }),
    removeUpstream({ run: run.upstream, view, routes: catalogue.routes, clock }),
    listUpstreams({ view }),
    getUpstream({ view }),
    listConfigChanges(reads),
    listBudgets(forBudgets),
    getBudget(forBudgets),
    putBudget(forBudgets),
    endBudget(forBudgets),
    testRoute({ preview: parts.previewRoute, member: access.member, reads }),
    listProjections(parts),
    rebuildProjection(forBuilds),
    skipEvent(forBuilds),
  ];
}
