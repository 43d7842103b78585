FROM node:24-slim
ENV NODE_ENV=production DATA_DIR=/data
WORKDIR /app

COPY package.json package-lock.json ./
RUN npm ci --omit=dev && npm cache clean --force
COPY ops ops
COPY src src

# Mails wait here while MAIL_URL is unset.
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
EXPOSE 8080
STOPSIGNAL SIGTERM
# Whichever its roles. A projector that catches up, or a scheduler that waits for PostgreSQL, is no reason to replace
# the container: /readyz and the alerts say so.
HEALTHCHECK --interval=5s --timeout=4s --retries=6 --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8080}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# kafkajs asks for timeouts in the past.
CMD ["node", "--disable-warning=TimeoutNegativeWarning", "ops/start.mjs"]
