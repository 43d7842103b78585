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
CMD ["node", "ops/start.mjs"]
